package holder_test

import (
	"context"

	"yanzheng/internal/holder"
)

// portal is a government's log-in as far as this package would see one.
type portal struct{ person int64 }

func (portal) Way() string { return "portal" }

func (p portal) Identify(_ context.Context, _ string, e holder.Evidence) (int64, error) {
	if e.Ticket != "good" {
		return 0, holder.ErrIdentity
	}
	return p.person, nil
}
