package snapshot

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"
)

const (
	// retryInterval is between two attempts where the first failed, or the time between snapshots if that is less.
	retryInterval = 5 * time.Minute
	// turnInterval is how often a replica looks whether it has become the one that takes snapshots.
	turnInterval = 10 * time.Second
	// takeTimeout bounds one attempt.
	takeTimeout = 15 * time.Minute
)

// ScheduleConfig is what a Schedule is made of. All of it is required but IsTurn.
type ScheduleConfig struct {
	// Dir is where snapshots go. It is made where it is missing.
	Dir string
	// Interval is from one snapshot to the next, over restarts too.
	Interval time.Duration
	// Keep is how many snapshots of the store stay.
	Keep int
	// Take writes a snapshot.
	Take func(ctx context.Context, w io.Writer) (Saved, error)
	// StoreID is the id of the store, which has one when Run begins.
	StoreID func() string
	// IsTurn tells whether it is this replica that takes them; nil where there is no other.
	IsTurn func() bool
	Logger *slog.Logger
}

// Record is what became of the snapshots so far.
type Record struct {
	// Last is when the latest was taken, by this process or an earlier one, and Size its bytes; zero for none.
	Last time.Time
	Size int64
	// Failures counts the attempts of this process that failed.
	Failures int
}

// Schedule takes snapshots one after the other. Its Record may be read while it runs.
type Schedule struct {
	config ScheduleConfig
	mu     sync.Mutex
	record Record
}

// NewSchedule makes a Schedule, which does nothing before Run.
func NewSchedule(config ScheduleConfig) *Schedule {
	if config.IsTurn == nil {
		config.IsTurn = func() bool { return true }
	}
	return &Schedule{config: config}
}

// Record is what became of the snapshots so far.
func (s *Schedule) Record() Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.record
}

// Run takes snapshots until ctx ends. The store must be the cluster's by then: snapshots of one that is not would take the
// place of those that are needed.
func (s *Schedule) Run(ctx context.Context) {
	for {
		wait := turnInterval
		if s.config.IsTurn() {
			wait = s.next(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// next takes a snapshot if one is due, and says when to come again.
func (s *Schedule) next(ctx context.Context) (wait time.Duration) {
	wait, err := s.attempt(ctx)
	if err == nil || ctx.Err() != nil {
		return wait
	}
	s.mu.Lock()
	s.record.Failures++
	s.mu.Unlock()
	wait = min(retryInterval, s.config.Interval)
	s.config.Logger.Error("A scheduled snapshot failed", "dir", s.config.Dir, "err", err, "again", wait.String())
	return wait
}

func (s *Schedule) attempt(ctx context.Context) (wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, takeTimeout)
	defer cancel()
	to := folder{s.config.Dir, s.config.StoreID()}
	taken, err := to.entries()
	if err != nil {
		return 0, err
	}
	now := time.Now()
	if n := len(taken); n > 0 {
		s.note(taken[n-1])
		// One from the future was taken by a clock that was wrong.
		if at := taken[n-1].taken; at.Before(now) && now.Before(at.Add(s.config.Interval)) {
			return time.Until(at.Add(s.config.Interval)), nil
		}
	}
	if err := s.take(ctx, to, now); err != nil {
		return 0, err
	}
	return time.Until(now.Add(s.config.Interval)), nil
}

// take writes one, and only then removes what is too many.
func (s *Schedule) take(ctx context.Context, to folder, now time.Time) error {
	if err := os.MkdirAll(to.dir, 0o700); err != nil {
		return fmt.Errorf("make the directory of snapshots: %w", err)
	}
	if err := to.sweep(); err != nil {
		return err
	}
	path := to.path(now)
	var saved Saved
	err := writeFile(path, func(w io.Writer) (err error) {
		saved, err = s.config.Take(ctx, w)
		return err
	})
	if err != nil {
		return err
	}
	s.note(entry{path, now, saved.Size})
	s.config.Logger.Info("A snapshot was taken", "file", path, "size", saved.Size, "sha256", saved.SHA256,
		"took", time.Since(now).String())
	return to.prune(s.config.Keep)
}

func (s *Schedule) note(latest entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record.Last, s.record.Size = latest.taken, latest.size
}
