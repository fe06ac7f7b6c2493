package miniprogram

import (
	"strings"

	"github.com/gin-gonic/gin"

	"yanzheng/internal/httpx"
	"yanzheng/models"
)

const identityKey = "identity"

type loginRequest struct {
	Code *string `json:"code"`
}

type loginAnswer struct {
	Token     string `json:"token"`
	ExpiresAt string `json:"expires_at"`
	User      user   `json:"user"`
}

type user struct {
	ID    string        `json:"id"`
	Roles []models.Role `json:"roles"`
}

func (a *API) logIn(c *gin.Context) {
	var r loginRequest
	if err := httpx.ReadJSON(c, &r); err != nil {
		httpx.Fail(c, err)
		return
	}
	if r.Code == nil || *r.Code == "" {
		httpx.Fail(c, errMissing.On("code"))
		return
	}
	in, err := a.sessions.LogIn(c.Request.Context(), *r.Code)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	roles := in.Identity.Roles
	if roles == nil {
		roles = []models.Role{}
	}
	httpx.WriteJSON(c, loginAnswer{in.Token, instant(in.ExpiresAt), user{in.Identity.UserID, roles}})
}

// authenticate lets only requests through whose Authorization header carries a live token. A token
// anywhere else, such as the query string, counts for nothing.
func (a *API) authenticate(c *gin.Context) {
	scheme, token, ok := strings.Cut(c.GetHeader("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		httpx.Fail(c, errNoToken)
		return
	}
	id, err := a.sessions.Authenticate(c.Request.Context(), strings.TrimSpace(token))
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.Set(identityKey, id)
}

// identity gives who was let through by authenticate.
func identity(c *gin.Context) models.Identity {
	return c.MustGet(identityKey).(models.Identity)
}

var (
	errMissing = models.NewError(models.KindMalformed, "field_missing", "缺少必填字段", "A required field is missing")
	errNoToken = models.NewError(models.KindUnauthenticated, "token_missing", "请先登录", "Log in first: Authorization: Bearer …")
)
