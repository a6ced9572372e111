package main

import (
	"context"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// memory is how long what is read of an etcd may lie back: compaction leaves it five minutes.
const memory = 2 * time.Minute

// tally counts the writes to an etcd, by resource.
type tally struct {
	etcd     framework.Etcd
	revision int64
	counts   map[string]int
}

// newTally counts from now on.
func newTally(ctx context.Context, etcd framework.Etcd) (*tally, error) {
	revision, err := etcd.Revision(ctx)
	return &tally{etcd: etcd, revision: revision, counts: map[string]int{}}, err
}

// add counts what was written since it did so last.
func (t *tally) add(ctx context.Context) error {
	now, err := t.etcd.Revision(ctx)
	if err != nil {
		return err
	}
	writes, err := t.etcd.Between(ctx, t.revision, now)
	if err != nil {
		return err
	}
	for _, w := range writes {
		t.counts[resourceOf(w.Key)]++
	}
	t.revision = now
	return nil
}

// lookOn waits, and has the tallies counted to the end.
func lookOn(ctx context.Context, d time.Duration, tallies ...*tally) error {
	for end := time.Now().Add(d); ; {
		left := time.Until(end)
		if err := sleep(ctx, min(left, memory)); err != nil {
			return err
		}
		for _, t := range tallies {
			if err := t.add(ctx); err != nil {
				return err
			}
		}
		if left <= memory {
			return nil
		}
	}
}
