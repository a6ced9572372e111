package materializer

import (
	"time"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/recurrence"
)

// windowsOpen tells whether sync windows let a refresh that falls due by time happen now, and, where they do not, when to
// look again. As in ESO: schedules are in UTC, both ends of a window belong to it, and one whose schedule or duration
// cannot be read is never open.
func windowsOpen(windows *v1.SyncWindows, now time.Time) (open bool, again time.Time) {
	if windows == nil {
		return true, time.Time{}
	}
	now = now.UTC()
	inside := false
	var begins, ends time.Time
	for i := range windows.Windows {
		start, end, next := around(&windows.Windows[i], now)
		if !start.IsZero() {
			inside = true
			ends = latest(ends, end)
		}
		begins = soonest(begins, next)
	}
	switch {
	case windows.Kind == v1.SyncWindowDeny && inside:
		return false, ends.Add(time.Second)
	case windows.Kind != v1.SyncWindowDeny && !inside:
		return false, begins
	}
	return true, time.Time{}
}

// around gives the window that now lies in, zero for none, and when the next one begins.
func around(window *v1.SyncWindow, now time.Time) (start, end, next time.Time) {
	schedule, err := recurrence.Parse(window.Schedule)
	if err != nil {
		return time.Time{}, time.Time{}, time.Time{}
	}
	duration, err := time.ParseDuration(window.Duration)
	if err != nil || duration < 0 {
		return time.Time{}, time.Time{}, time.Time{}
	}
	next = schedule.Next(now)
	// Next is strictly after its argument, and knows whole seconds.
	start = schedule.Next(now.Truncate(time.Second).Add(-duration - time.Second))
	if start.IsZero() || start.After(now) {
		return time.Time{}, time.Time{}, next
	}
	return start, start.Add(duration), next
}

// soonest is the earlier of two times of which zero stands for none.
func soonest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
