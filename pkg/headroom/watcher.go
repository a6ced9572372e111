package headroom

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	// interval is between two looks at a member.
	interval = 10 * time.Second
	// settling is how long a member takes to count what a compaction has freed.
	settling = time.Second
	// askTimeout bounds a look, workTimeout what makes room: a database of some gigabytes on a slow disk.
	askTimeout  = 5 * time.Second
	workTimeout = 5 * time.Minute
)

// Watcher looks after one member. Its Usage may be read while it runs.
type Watcher struct {
	member Member
	log    *slog.Logger
	tends  bool

	usage atomic.Pointer[Usage]
	// defragmented is when the file was last written anew, or could not be; compacted the revision up to which room was made.
	defragmented time.Time
	compacted    int64
	// said is what the log holds of what still holds.
	said map[string]bool
}

// NewWatcher makes a Watcher of a member. Where it tends the member it makes room in it; else it only looks.
func NewWatcher(member Member, tends bool, logger *slog.Logger) *Watcher {
	return &Watcher{member: member, tends: tends, log: logger, said: map[string]bool{}}
}

// Usage is that of the last look; nil where the member did not answer.
func (w *Watcher) Usage() *Usage { return w.usage.Load() }

// Run looks until ctx ends, and closes the member.
func (w *Watcher) Run(ctx context.Context) {
	defer w.member.Close()
	for {
		again := w.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(again):
		}
	}
}

// look looks once, makes room where there is none, and says when to look again.
func (w *Watcher) look(ctx context.Context) (again time.Duration) {
	usage, err := w.ask(ctx)
	if w.isNews("unknown", err != nil) {
		w.log.Warn("It is not known how full etcd is", "err", err)
	}
	if err != nil {
		return interval
	}
	w.warn(usage)
	if !w.tends {
		return interval
	}
	if usage.Full {
		return w.makeRoom(ctx, usage)
	}
	if usage.isWasteful(time.Since(w.defragmented)) {
		w.defragment(ctx, usage)
	}
	return interval
}

func (w *Watcher) ask(ctx context.Context) (Usage, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	usage, err := w.member.Usage(ctx)
	if err != nil {
		w.usage.Store(nil)
		return Usage{}, err
	}
	w.usage.Store(&usage)
	return usage, nil
}

func (w *Watcher) warn(u Usage) {
	if w.isNews("near", u.isNearQuota() && !u.Full) {
		w.log.Warn("The database of etcd comes near its quota", "member", u.Name, "size", u.Size, "inUse", u.InUse, "quota", u.Quota)
	}
	if w.isNews("reached", u.Full) {
		w.log.Error("The database of etcd has reached its quota: nothing is stored until there is room",
			"member", u.Name, "size", u.Size, "inUse", u.InUse, "quota", u.Quota)
	}
}

// makeRoom drops history, which the API machinery's compactor cannot do while etcd is full, has the file shrink, and takes the
// alarm back. Where what is stored alone fills the quota there is no more to be done: objects may still be deleted.
func (w *Watcher) makeRoom(ctx context.Context, u Usage) (again time.Duration) {
	if w.compacted != u.Revision {
		if !w.work(ctx, "compact", func(ctx context.Context) error { return w.member.Compact(ctx, u.Revision) }) {
			return interval
		}
		w.compacted = u.Revision
		return settling
	}
	if w.isNews("full", !u.fits(u.InUse)) {
		w.log.Error("The database of etcd is full of what is stored: delete objects, or raise --etcd-quota-bytes",
			"member", u.Name, "inUse", u.InUse, "quota", u.Quota)
	}
	if !u.fits(u.InUse) {
		return interval
	}
	if !u.fits(u.Size) {
		if time.Since(w.defragmented) < fullRest || !w.defragment(ctx, u) {
			return interval
		}
		return settling
	}
	if w.work(ctx, "disarm", w.member.Disarm) {
		w.log.Info("The database of etcd has room again", "member", u.Name, "size", u.Size, "quota", u.Quota)
	}
	return interval
}

func (w *Watcher) defragment(ctx context.Context, before Usage) bool {
	began := time.Now()
	done := w.work(ctx, "defragment", w.member.Defragment)
	w.defragmented = time.Now()
	if !done {
		return false
	}
	after, err := w.ask(ctx)
	if err != nil {
		return false
	}
	w.log.Info("The database of etcd was defragmented", "member", after.Name, "before", before.Size, "after", after.Size,
		"took", time.Since(began).String())
	return true
}

func (w *Watcher) work(ctx context.Context, what string, do func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(ctx, workTimeout)
	defer cancel()
	err := do(ctx)
	if w.isNews(what, err != nil) {
		w.log.Error("etcd did not do what its database needs", "work", what, "err", err)
	}
	return err == nil
}

// isNews tells whether something holds that did not when it was asked about last.
func (w *Watcher) isNews(what string, holds bool) bool {
	before := w.said[what]
	w.said[what] = holds
	return holds && !before
}
