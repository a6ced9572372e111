package materializer

import (
	"context"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// elect stands for election until ctx ends: losing one is no reason to end.
func (m *Materializer) elect(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := m.campaign(ctx); err != nil {
			return fmt.Errorf("stand for election: %w", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(m.config.Election.RetryPeriod):
		}
	}
	return nil
}

// campaign waits for the Lease, leads, and returns when it was lost or ctx ended. The Lease is given back only when nothing
// is written any more.
func (m *Materializer) campaign(ctx context.Context) error {
	won := make(chan context.Context, 1)
	lost, lose := context.WithCancel(context.Background())
	defer lose()
	elector, err := m.newElector(won, lose)
	if err != nil {
		return err
	}
	electing, giveBack := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	defer running.Wait()
	defer giveBack()
	over := make(chan struct{})
	running.Go(func() {
		defer close(over)
		elector.Run(electing)
	})
	select {
	case <-ctx.Done():
	case <-over:
	case held := <-won:
		leading, stop := context.WithCancel(held)
		defer stop()
		defer context.AfterFunc(ctx, stop)()
		// The elector goes on trying for a while after it has seen that another replica holds the Lease.
		defer context.AfterFunc(lost, stop)()
		m.lead(leading)
	}
	return nil
}

func (m *Materializer) newElector(won chan<- context.Context, lost func()) (*leaderelection.LeaderElector, error) {
	election := m.config.Election
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: election.Namespace, Name: election.Name},
		Client:     m.config.HostClient.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: election.Identity},
	}
	return leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock:            &observedLock{Interface: lock, holder: m.holder, mandate: m.mandate, lost: lost, pulse: m.config.Pulse},
		LeaseDuration:   election.LeaseDuration,
		RenewDeadline:   election.RenewDeadline,
		RetryPeriod:     election.RetryPeriod,
		ReleaseOnCancel: true,
		Name:            election.Name,
		Callbacks: leaderelection.LeaderCallbacks{
			// It is called at most once, from a goroutine of its own, which must not be kept.
			OnStartedLeading: func(ctx context.Context) { won <- ctx },
			OnStoppedLeading: func() {},
		},
	})
}

// holder is the replica that holds the Lease, as last seen. Clocks of other machines are not relied on: a Lease is alive
// while it is seen to change.
type holder struct {
	mu      sync.Mutex
	record  resourcelock.LeaderElectionRecord
	changed time.Time
}

func (h *holder) see(record resourcelock.LeaderElectionRecord) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if record != h.record {
		h.record, h.changed = record, time.Now()
	}
}

func (h *holder) isAlive() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	life := time.Duration(h.record.LeaseDurationSeconds) * time.Second
	return h.record.HolderIdentity != "" && time.Since(h.changed) < life
}

func (h *holder) is(identity string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.record.HolderIdentity == identity
}
