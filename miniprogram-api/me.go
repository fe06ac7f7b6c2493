package miniprogram

import (
	"strconv"

	"github.com/gin-gonic/gin"

	"yanzheng/internal/holder"
	"yanzheng/internal/httpx"
	"yanzheng/models"
)

type meAnswer struct {
	User   user        `json:"user"`
	Holder *holderView `json:"holder,omitempty"`
	Claim  *claimState `json:"claim,omitempty"`
}

// holderView shows holders what the register has of them, the ID number in full.
type holderView struct {
	BoundAt       string          `json:"bound_at"`
	Way           string          `json:"way"`
	Name          string          `json:"name"`
	Sex           models.Sex      `json:"sex"`
	BirthDate     string          `json:"birth_date,omitempty"`
	IDType        models.IDType   `json:"id_type"`
	IDNumber      string          `json:"id_number"`
	Registrations []*registration `json:"registrations"`
	Images        []imageState    `json:"images"`
}

type claimState struct {
	State     models.ClaimState `json:"state"`
	At        string            `json:"at"`
	DecidedAt string            `json:"decided_at,omitempty"`
	Reason    string            `json:"reason,omitempty"`
}

func (a *API) me(c *gin.Context, u models.Identity) {
	me, err := a.own.Holder.Me(c.Request.Context(), u.UserID)
	out := meAnswer{User: user{u.UserID, list(u.Roles)}}
	if me.Claim != nil {
		out.Claim = &claimState{me.Claim.State, instant(me.Claim.At.Time()), when(me.Claim.DecidedAt), me.Claim.Reason}
	}
	if err == nil && me.Binding != nil {
		out.Holder, err = a.holderView(c, me)
	}
	answer(c, out, err)
}

func (a *API) holderView(c *gin.Context, me holder.Me) (*holderView, error) {
	images, err := a.own.Gallery.Own(c.Request.Context(), me.Person.ID)
	if err != nil {
		return nil, err
	}
	v := &holderView{
		BoundAt: instant(me.Binding.BoundAt.Time()), Way: me.Binding.Way, Name: me.Person.Name, Sex: me.Person.Sex,
		BirthDate: me.Person.BirthDate.String(), IDType: me.Person.IDType, IDNumber: me.Person.IDNumber,
		Registrations: []*registration{}, Images: []imageState{},
	}
	for i := range me.Registrations {
		v.Registrations = append(v.Registrations, newRegistration(&me.Registrations[i], forPublic))
	}
	for _, image := range images {
		v.Images = append(v.Images, newImageState(image))
	}
	return v, nil
}

// when writes an instant that may be none.
func when(i models.Instant) string {
	if i == 0 {
		return ""
	}
	return instant(i.Time())
}

type bindRequest struct {
	Name              *string       `json:"name"`
	IDType            models.IDType `json:"id_type"`
	IDNumber          *string       `json:"id_number"`
	CertificateNumber *string       `json:"certificate_number"`
}

func (a *API) bind(c *gin.Context, u models.Identity) {
	var r bindRequest
	if err := httpx.ReadJSON(c, &r); err != nil {
		httpx.Fail(c, err)
		return
	}
	for _, f := range []struct {
		name  string
		value *string
	}{{"name", r.Name}, {"id_number", r.IDNumber}, {"certificate_number", r.CertificateNumber}} {
		if f.value == nil || *f.value == "" {
			httpx.Fail(c, errMissing.On(f.name))
			return
		}
	}
	claimed, err := a.own.Holder.Bind(c.Request.Context(), u.UserID, holder.Evidence{Identification: models.Identification{
		Name: *r.Name, IDType: r.IDType, IDNumber: *r.IDNumber, Number: *r.CertificateNumber,
	}})
	answer(c, map[string]string{"status": map[bool]string{true: "claimed", false: "bound"}[claimed]}, err)
}

type looksAnswer struct {
	Looks         []look `json:"looks"`
	Next          string `json:"next,omitempty"`
	RetentionDays int    `json:"retention_days"`
}

type look struct {
	At       string                `json:"at"`
	Viewer   models.Viewer         `json:"viewer"`
	Place    *place                `json:"place,omitempty"`
	Document models.DocumentStatus `json:"document"`
}

type place struct {
	Lat float64 `json:"lat"`
	Lng float64 `json:"lng"`
}

// looks shows holders who looked (R13): when, what kind of user, roughly where.
func (a *API) looks(c *gin.Context, u models.Identity) {
	cursor, limit, err := page(c)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	found, err := a.own.Holder.Looks(c.Request.Context(), u.UserID, cursor, limit+1)
	out := looksAnswer{Looks: []look{}, RetentionDays: a.own.LooksDays}
	found, out.Next = cut(found, limit, func(l models.Look) string { return l.ScanID })
	for _, l := range found {
		v := look{At: instant(l.At.Time()), Viewer: l.Viewer, Document: l.DocumentStatus}
		if l.Place != nil {
			lat, lng := l.Place.Degrees()
			v.Place = &place{lat, lng}
		}
		out.Looks = append(out.Looks, v)
	}
	answer(c, out, err)
}

type sessionsAnswer struct {
	Sessions []sessionView `json:"sessions"`
}

type sessionView struct {
	ID         string        `json:"id"`
	Present    bool          `json:"present"`
	Device     models.Device `json:"device,omitempty"`
	CreatedAt  string        `json:"created_at"`
	LastUsedAt string        `json:"last_used_at,omitempty"`
	ExpiresAt  string        `json:"expires_at"`
}

func (a *API) sessionList(c *gin.Context, u models.Identity) {
	token, _ := bearer(c) //nolint:errcheck // it let the user in
	own, err := a.own.Account.Sessions(c.Request.Context(), u.UserID, token)
	out := sessionsAnswer{[]sessionView{}}
	for _, s := range own {
		out.Sessions = append(out.Sessions, sessionView{
			s.ID, s.Present, s.Device, instant(s.CreatedAt.Time()), when(s.LastUsedAt), instant(s.ExpiresAt.Time()),
		})
	}
	answer(c, out, err)
}

func (a *API) endSessions(c *gin.Context, u models.Identity) {
	n, done, err := a.own.Account.EndAll(c.Request.Context(), u.UserID)
	answer(c, map[string]any{"ended": n, "propagated": propagated(done)}, err)
}

func (a *API) endSession(c *gin.Context, u models.Identity) {
	done, err := a.own.Account.End(c.Request.Context(), u.UserID, c.Param("id"))
	answer(c, map[string]any{"ended": 1, "propagated": propagated(done)}, err)
}

type loginsAnswer struct {
	Logins        []loginView `json:"logins"`
	Next          string      `json:"next,omitempty"`
	RetentionDays int         `json:"retention_days"`
}

type loginView struct {
	At      string        `json:"at"`
	Device  models.Device `json:"device,omitempty"`
	Network string        `json:"network,omitempty"`
}

func (a *API) logins(c *gin.Context, u models.Identity) {
	cursor, limit, err := numbered(c)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	found, err := a.own.Account.Logins(c.Request.Context(), u.UserID, cursor, limit+1)
	out := loginsAnswer{Logins: []loginView{}, RetentionDays: a.own.LogInDays}
	found, out.Next = cut(found, limit, func(l models.Login) string { return strconv.FormatInt(l.ID, 10) })
	for _, l := range found {
		out.Logins = append(out.Logins, loginView{instant(l.At.Time()), l.Device, l.Network})
	}
	answer(c, out, err)
}
