package snapshot

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// scheduled is a Schedule that runs in the fake time of a bubble, and takes snapshots that hold "x".
type scheduled struct {
	*Schedule
	t   *testing.T
	dir string
	log bytes.Buffer
	// taken counts, fail has attempts fail, after half of it was written.
	taken, running atomic.Int32
	fail           atomic.Pointer[error]
	stop           func()
}

func schedule(t *testing.T, dir string, edit func(*ScheduleConfig)) *scheduled {
	t.Helper()
	s := &scheduled{t: t, dir: dir}
	config := ScheduleConfig{
		Dir: dir, Interval: time.Hour, Keep: 3, Take: s.take, StoreID: func() string { return "ours" },
		Logger: slog.New(slog.NewTextHandler(&s.log, nil)),
	}
	if edit != nil {
		edit(&config)
	}
	s.Schedule = NewSchedule(config)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	s.stop = func() { cancel(); <-done }
	return s
}

func (s *scheduled) take(ctx context.Context, w io.Writer) (Saved, error) {
	if s.running.Add(1) > 1 {
		s.t.Error("two snapshots are taken at a time")
	}
	defer s.running.Add(-1)
	if _, err := w.Write([]byte("x")); err != nil {
		return Saved{}, err
	}
	if err := s.fail.Load(); err != nil {
		return Saved{}, *err
	}
	s.taken.Add(1)
	return Saved{Size: 1}, ctx.Err()
}

// files are the names of whole snapshots and of anything else.
func (s *scheduled) files() (names []string) {
	entries, err := os.ReadDir(s.dir)
	require.NoError(s.t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestScheduleTakesAndKeeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "snapshots")
		s := schedule(t, dir, nil)
		pass(time.Minute)
		require.EqualValues(t, 1, s.taken.Load(), "the first at once")
		pass(4 * time.Hour)
		require.EqualValues(t, 5, s.taken.Load())
		// A bubble's time begins at 2000-01-01.
		require.Equal(t, []string{"store-ours-20000101T020000Z.db", "store-ours-20000101T030000Z.db", "store-ours-20000101T040000Z.db"}, s.files())
		require.Equal(t, Record{Last: time.Date(2000, 1, 1, 4, 0, 0, 0, time.UTC), Size: 1}, utc(s.Record()))
		s.stop()

		again := schedule(t, dir, nil)
		pass(30 * time.Minute)
		require.Zero(t, again.taken.Load(), "a restart is no reason")
		require.Equal(t, 4, again.Record().Last.UTC().Hour(), "what an earlier process took is known")
		pass(time.Hour)
		require.EqualValues(t, 1, again.taken.Load())
		again.stop()
	})
}

func utc(r Record) Record {
	r.Last = r.Last.UTC().Truncate(time.Second)
	return r
}

// Whoever accepts an empty store must find the snapshots of the one that was lost, however long it takes to notice.
func TestScheduleLeavesOthersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		others := []string{"store-lost-19990101T000000Z.db", "store-ours-by-hand.db", "by-hand.db"}
		for _, name := range others {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, ".partial-123"), nil, 0o600))
		s := schedule(t, dir, func(c *ScheduleConfig) { c.Keep = 1 })
		pass(10*time.Hour + time.Minute)
		s.stop()
		names := s.files()
		for _, name := range others {
			require.Contains(t, names, name)
		}
		require.Len(t, names, len(others)+1, "what was left half written is gone")
	})
}

// A full disk costs nothing but the snapshot: no file is left of it, none is removed for it, and it is tried again.
func TestScheduleSurvivesAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := schedule(t, t.TempDir(), func(c *ScheduleConfig) { c.Keep = 1 })
		pass(time.Minute)
		before := s.files()
		full := error(syscall.ENOSPC)
		s.fail.Store(&full)
		pass(time.Hour)
		require.Equal(t, before, s.files())
		failures := s.Record().Failures
		require.Positive(t, failures)

		pass(time.Hour)
		require.InDelta(t, failures+12, s.Record().Failures, 1, "every five minutes")
		s.fail.Store(nil)
		pass(10 * time.Minute)
		require.EqualValues(t, 2, s.taken.Load())
		require.Len(t, s.files(), 1)
		require.NotEqual(t, before, s.files())
		s.stop()
		require.Contains(t, s.log.String(), "A scheduled snapshot failed")
		require.Contains(t, s.log.String(), "no space left on device")
	})
}

func TestScheduleSurvivesADirectoryThatIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "snapshots")
		require.NoError(t, os.WriteFile(dir, nil, 0o600))
		s := schedule(t, dir, nil)
		pass(time.Minute)
		require.Equal(t, 1, s.Record().Failures)
		require.NoError(t, os.Remove(dir))
		pass(10 * time.Minute)
		require.EqualValues(t, 1, s.taken.Load())
		s.stop()
	})
}

func TestScheduleTakesTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		var leader atomic.Int32
		var replicas []*scheduled
		for n := range int32(2) {
			replicas = append(replicas, schedule(t, dir, func(c *ScheduleConfig) {
				c.IsTurn = func() bool { return leader.Load() == n }
			}))
		}
		pass(150 * time.Minute)
		leader.Store(1)
		pass(2 * time.Hour)
		require.EqualValues(t, 3, replicas[0].taken.Load())
		require.EqualValues(t, 2, replicas[1].taken.Load())
		for _, r := range replicas {
			r.stop()
		}
	})
}

// A snapshot that was taken by a clock that was ahead does not keep others from being taken.
func TestScheduleSurvivesAClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "store-ours-20300101T000000Z.db"), nil, 0o600))
		s := schedule(t, dir, nil)
		pass(3*time.Hour + time.Minute)
		s.stop()
		require.EqualValues(t, 4, s.taken.Load())
	})
}

func TestScheduleEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := schedule(t, t.TempDir(), func(c *ScheduleConfig) {
			c.Take = func(ctx context.Context, _ io.Writer) (Saved, error) {
				<-ctx.Done()
				return Saved{}, context.Cause(ctx)
			}
		})
		pass(time.Minute)
		s.stop()
		require.Empty(t, s.log.String(), "an end that was asked for is no failure")
		require.Empty(t, s.files())
	})
}

func TestPruneSaysWhatItCannotRemove(t *testing.T) {
	f := folder{t.TempDir(), "ours"}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := range 3 {
		require.NoError(t, os.WriteFile(f.path(at.Add(time.Duration(n)*time.Hour)), nil, 0o600))
	}
	require.NoError(t, os.Remove(f.path(at)))
	require.NoError(t, os.MkdirAll(filepath.Join(f.path(at), "not empty"), 0o700))
	require.ErrorContains(t, f.prune(1), "remove old snapshots")
	found, err := f.entries()
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(found, func(e entry) bool { return e.taken.Equal(at.Add(2 * time.Hour)) }))
	require.Len(t, found, 2, "the others are removed all the same")
	require.False(t, errors.Is(f.prune(2), os.ErrNotExist))
}
