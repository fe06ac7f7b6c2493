package endorse

import (
	"context"
	"unicode/utf8"

	"yanzheng/models"
)

// Withdraw ends one of the holder's certificates (R12).
func (w *Wallet) Withdraw(ctx context.Context, userID string, id models.CertificateID, reason string) (propagated bool, err error) {
	by, err := w.Holders.BindingOf(ctx, userID)
	if err != nil {
		return false, err
	}
	if _, err := w.held(ctx, by.PersonID, id); err != nil {
		return false, err
	}
	return withdraw(ctx, w.Withdrawals, w.Propagator, models.InstantOf(w.Now()), id, reason, userID)
}

// WithdrawAll ends every certificate of the holder's that could still be used, and tells how many those were. What still waits to be
// confirmed comes to nothing.
func (w *Wallet) WithdrawAll(ctx context.Context, userID string, reason string) (withdrawn int64, propagated bool, err error) {
	by, err := w.Holders.BindingOf(ctx, userID)
	if err != nil {
		return 0, false, err
	}
	if utf8.RuneCountInString(reason) > maxReason {
		return 0, false, ErrReason
	}
	if models.CheckWritten(reason) != nil {
		return 0, false, models.ErrHidden.On("reason")
	}
	now := w.Now()
	withdrawn, events, err := w.Withdrawals.WithdrawAll(ctx, by, models.DateOf(now),
		models.Event{Kind: models.EventCertificateWithdrawn, Actor: userID, Reason: reason}, models.InstantOf(now))
	if err != nil || len(events) == 0 {
		return withdrawn, err == nil, err
	}
	return withdrawn, w.Propagator.Propagate(ctx, events), nil
}
