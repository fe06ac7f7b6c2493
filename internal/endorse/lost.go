package endorse

import (
	"context"
	"unicode/utf8"

	"yanzheng/models"
)

// Withdraw ends one of the holder's certificates (R12).
func (w *Wallet) Withdraw(ctx context.Context, who Who, id models.CertificateID, reason string) (propagated bool, err error) {
	user, person, err := w.admit(ctx, who, ForOwn)
	if err != nil {
		return false, err
	}
	if _, err := w.held(ctx, person, id); err != nil {
		return false, err
	}
	return withdraw(ctx, w.Withdrawals, w.Propagator, models.InstantOf(w.Now()), id, reason, user.UserID)
}

// WithdrawAll ends every certificate of the holder's that could still be used, and tells how many those were.
func (w *Wallet) WithdrawAll(ctx context.Context, who Who, reason string) (withdrawn int64, propagated bool, err error) {
	user, person, err := w.admit(ctx, who, ForOwn)
	if err != nil {
		return 0, false, err
	}
	if utf8.RuneCountInString(reason) > maxReason {
		return 0, false, ErrReason
	}
	now := w.Now()
	withdrawn, events, err := w.Withdrawals.WithdrawAll(ctx, person, models.DateOf(now),
		models.Event{Kind: models.EventCertificateWithdrawn, Actor: user.UserID, Reason: reason}, models.InstantOf(now))
	if err != nil || len(events) == 0 {
		return withdrawn, err == nil, err
	}
	return withdrawn, w.Propagator.Propagate(ctx, events), nil
}
