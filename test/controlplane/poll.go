package controlplane

import (
	"context"
	"errors"
	"time"
)

// pollInterval is how often something local is asked whether it is ready.
const pollInterval = 100 * time.Millisecond

// permanent marks an error that makes poll give up.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// poll calls attempt until it returns nil, a permanent error, or until ctx ends.
// It then returns the last error beside that of ctx: it says what was missing.
func poll(ctx context.Context, attempt func(context.Context) error) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		err := attempt(ctx)
		if err == nil {
			return nil
		}
		if stop := (permanent{}); errors.As(err, &stop) {
			return stop.error
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-ticker.C:
		}
	}
}
