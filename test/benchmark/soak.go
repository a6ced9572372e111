package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	// soakPause is the time between two changes.
	soakPause = 200 * time.Millisecond
	// soakSamples is how often the memory is read.
	soakSamples = 12
)

// Soak is the memory of the server while items change all the time.
type Soak struct {
	Seconds float64 `json:"seconds"`
	Changes int     `json:"changes"`
	// MiB are samples at equal distances, from the beginning to the end.
	MiB []float64 `json:"mib"`
}

// measureSoak changes items for as long as was asked for.
func (c *cluster) measureSoak(ctx context.Context, result *Result) error {
	if c.set.soak == 0 {
		return nil
	}
	result.Soak = &Soak{Seconds: c.set.soak.Seconds()}
	members := c.fleet.Members()
	for range soakSamples {
		for until := time.Now().Add(c.set.soak / soakSamples); time.Now().Before(until); result.Soak.Changes++ {
			m := members[rand.IntN(len(members))]
			c.fleet.Provider.Set(m.Store, m.Item, fmt.Sprintf("soaked-%d", result.Soak.Changes))
			if err := sleep(ctx, soakPause); err != nil {
				return err
			}
		}
		now, _, err := c.server.memory()
		if err != nil {
			return err
		}
		result.Soak.MiB = append(result.Soak.MiB, now)
	}
	return nil
}
