package holder_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"yanzheng/internal/holder"
	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// scanned writes a scan of a registration's certificate; the id says when it was.
func (h *house) scanned(user string, at time.Time, r *models.Registration) string {
	h.t.Helper()
	s := scanOf(h.t, user, at)
	if r != nil {
		s.RegistrationID = &r.ID
	}
	testkit.Must(h.t, h.store.AppendScans(h.t.Context(), s))
	return s.ID
}

func scanOf(t *testing.T, user string, at time.Time) models.Scan {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	ms := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	return models.Scan{ID: id.String(), At: models.InstantOf(at), Channel: models.ChannelAPI, UserID: &user, CodeDigest: make([]byte, 16)}
}

func TestSignatureFinding(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.admit()
		const inspector = "uinspector"
		id := h.scanned(inspector, now, &r)
		record := func(user, id string, f models.SignatureFinding, remark string, want error) models.SignatureCheck {
			t.Helper()
			c, err := h.checks.Record(t.Context(), user, id, f, remark)
			testkit.WantErr(t, err, want)
			return c
		}
		first := record(inspector, id, models.SignatureDiffers, "  笔迹不同 ", nil)
		if first.Remark != "笔迹不同" || first.At != models.InstantOf(now) || first.ScanID != id {
			t.Errorf("first %+v", first)
		}
		h.clock.Advance(time.Minute)
		if again := record(inspector, id, models.SignatureDiffers, "笔迹不同", nil); again.At != first.At {
			t.Errorf("the same again is of %v", again.At.Time())
		}
		if corrected := record(inspector, id, models.SignatureMatches, "", nil); corrected.Finding != models.SignatureMatches {
			t.Errorf("corrected %+v", corrected)
		}
		record("uother", id, models.SignatureMatches, "", holder.ErrNoScan)
		record(inspector, id, models.SignatureMatches, strings.Repeat("注", 201), holder.ErrRemark)
		h.clock.Advance(time.Hour - time.Minute)
		record(inspector, id, models.SignatureMissing, "", holder.ErrFinal)
		if last := record(inspector, id, models.SignatureMatches, "", nil); last.Finding != models.SignatureMatches {
			t.Error("the same as before is refused once it is final")
		}
		record(inspector, h.scanned(inspector, now, nil), models.SignatureMatches, "", holder.ErrNothingSigned)
		for _, wrong := range []string{"", "x", strings.ToUpper(id), uuid.NewString(), "{" + id + "}"} {
			record(inspector, wrong, models.SignatureMatches, "", holder.ErrNoScan)
		}
		// One that was answered a moment ago may still be on the stream; one of long ago is none.
		record(inspector, scanOf(t, inspector, h.clock.Now()).ID, models.SignatureMatches, "", holder.ErrScanOnItsWay)
		record(inspector, scanOf(t, inspector, h.clock.Now().Add(-time.Hour)).ID, models.SignatureMatches, "", holder.ErrNoScan)
		record(inspector, scanOf(t, inspector, h.clock.Now().Add(time.Hour)).ID, models.SignatureMatches, "", holder.ErrNoScan)
	})
}
