package materializer

import (
	"context"
	"errors"
	"time"

	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/live-secrets/external-secrets-apiserver/pkg/pulse"
)

const theElection = "the election"

var errNotHeld = errors.New("another replica holds the Lease")

// observedLock notes who holds the Lease whenever the elector looks, and what follows for this replica's mandate. The elector
// makes one call at a time.
type observedLock struct {
	resourcelock.Interface
	holder  *holder
	mandate *mandate
	// lost is called when another replica is seen to hold a Lease that was this one's.
	lost func()
	held bool
	// pulse is told of each look at the Lease.
	pulse *pulse.Pulse
}

// Get implements resourcelock.Interface.
func (l *observedLock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	defer l.pulse.Begin(theElection)()
	record, raw, err := l.Interface.Get(ctx)
	if err != nil {
		return record, raw, err
	}
	l.holder.see(*record)
	if l.held && !l.holder.is(l.Identity()) {
		l.mandate.end()
		l.lost()
	}
	return record, raw, nil
}

// Create implements resourcelock.Interface.
func (l *observedLock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.write(ctx, record, l.Interface.Create)
}

// Update implements resourcelock.Interface. A Lease is given back by an update, too, which the elector makes of whatever Lease it
// reads last: one that woke up too late would give back another replica's.
func (l *observedLock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	if record.HolderIdentity == "" && !l.holder.is(l.Identity()) {
		return errNotHeld
	}
	return l.write(ctx, record, l.Interface.Update)
}

func (l *observedLock) write(ctx context.Context, record resourcelock.LeaderElectionRecord,
	write func(context.Context, resourcelock.LeaderElectionRecord) error) error {
	defer l.pulse.Begin(theElection)()
	isMine := record.HolderIdentity == l.Identity()
	if !isMine {
		l.mandate.end()
	}
	asked := time.Now()
	if err := write(ctx, record); err != nil {
		return err
	}
	l.holder.see(record)
	if isMine {
		l.held = true
		l.mandate.renew(asked)
	}
	return nil
}
