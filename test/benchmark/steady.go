package main

import (
	"context"
	"errors"
	"strings"
	"time"
)

// calm is how long nothing must have been written, but Leases, before a cluster counts as steady: longer than the host's record
// of the store follows a change.
const calm = 7 * time.Second

// Steady is what a server does while nothing changes.
type Steady struct {
	Seconds float64 `json:"seconds"`
	cost
	// HostWrites and OwnWrites are the writes to the host's and the server's own etcd, by resource,
	// but for Leases and compaction.
	HostWrites map[string]int `json:"hostWrites"`
	OwnWrites  map[string]int `json:"ownWrites"`
	// MiB is the memory at the end, PeakMiB the most since the start of the process: nobody has listed anything yet.
	MiB     float64 `json:"mib"`
	PeakMiB float64 `json:"peakMiB"`
}

// measureSteady waits until all is written, and then looks on.
func (c *cluster) measureSteady(ctx context.Context, result *Result) error {
	if err := c.settle(ctx); err != nil {
		return err
	}
	s := &result.Steady
	host, err := newTally(ctx, c.hostEtcd)
	if err != nil {
		return err
	}
	own, err := newTally(ctx, c.ownEtcd)
	if err != nil {
		return err
	}
	began := time.Now()
	s.cost, err = c.measured(ctx, "steady", func() error { return lookOn(ctx, c.set.steady, host, own) })
	if err != nil {
		return err
	}
	s.Seconds = time.Since(began).Seconds()
	s.HostWrites, s.OwnWrites = host.counts, own.counts
	if s.MiB, s.PeakMiB, err = c.server.memory(); err != nil {
		return err
	}
	return c.heap(ctx, "steady")
}

// settle waits until nothing has been written for a while.
func (c *cluster) settle(ctx context.Context) error {
	return errors.Join(c.ownEtcd.Calm(ctx, calm), c.hostEtcd.Calm(ctx, calm))
}

// resourceOf is the resource of a key: "/registry/secrets/default/name", or "/registry/example.com/things/default/name"
// with one or, in an aggregated server, two groups before it.
func resourceOf(key string) string {
	parts := strings.Split(strings.TrimPrefix(key, "/registry/"), "/")
	for _, part := range parts {
		if !strings.Contains(part, ".") {
			return part
		}
	}
	return key
}

// sleep waits, unless ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
