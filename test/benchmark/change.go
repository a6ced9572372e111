package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/test/fleet"
)

const (
	// changeWindow is how long the changes of a row take: several polls, so that they fall anywhere between two of them.
	changeWindow = 30 * time.Second
	// changeLimit is how long they may take to arrive.
	changeLimit = 3 * time.Minute
)

// Changes tells how changes at the provider arrive in Secrets.
type Changes struct {
	// Items is how many items changed, Seconds how long the ExternalSecrets on them took to be written.
	Items   int          `json:"items"`
	Seconds Distribution `json:"seconds"`
	cost
	// SecretWrites is how often Secrets were written to the host.
	SecretWrites int `json:"secretWrites"`
}

// place is an item of a store.
type place struct{ store, item int }

// measureChanges changes items at random times, and waits for each ExternalSecret on them.
func (c *cluster) measureChanges(ctx context.Context, result *Result) error {
	ctx, cancel := context.WithTimeout(ctx, changeLimit)
	defer cancel()
	host, err := newTally(ctx, c.hostEtcd)
	if err != nil {
		return err
	}
	changed := map[place]time.Time{}
	var touched []fleet.Member
	result.Changes.cost, err = c.measured(ctx, "changes", func() error {
		if err := c.change(ctx, changed); err != nil {
			return err
		}
		for _, m := range c.fleet.Members() {
			if _, ok := changed[place{m.Store, m.Item}]; ok {
				touched = append(touched, m)
			}
		}
		_, err := c.secrets.Wait(ctx, touched, changedValue)
		return err
	})
	if err != nil {
		return err
	}
	held := c.secrets.Held()
	var took []float64
	for _, m := range touched {
		arrived := held[types.NamespacedName{Namespace: m.Namespace, Name: m.Name}].At
		took = append(took, arrived.Sub(changed[place{m.Store, m.Item}]).Seconds())
	}
	result.Changes.Items, result.Changes.Seconds = len(changed), distribution(took)
	err = host.add(ctx)
	result.Changes.SecretWrites = host.counts["secrets"]
	return err
}

// change changes items and notes when.
func (c *cluster) change(ctx context.Context, changed map[place]time.Time) error {
	pause := changeWindow / time.Duration(c.set.changes)
	for len(changed) < c.set.changes {
		// Half of the time is fixed and half is random, so that the changes keep no step with the polls.
		if err := sleep(ctx, pause/2+rand.N(pause)); err != nil {
			return err
		}
		m := c.fleet.Members()[rand.IntN(c.row.Size.Secrets)]
		at := place{m.Store, m.Item}
		if _, ok := changed[at]; ok {
			continue
		}
		changed[at] = time.Now()
		c.fleet.Provider.Set(m.Store, m.Item, changedValue(m))
	}
	return nil
}

func changedValue(m fleet.Member) string { return fmt.Sprintf("changed-%d-%d", m.Store, m.Item) }
