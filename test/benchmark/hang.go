package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/live-secrets/external-secrets-apiserver/test/fleet"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

// hangingReaders is how many read of the store that hangs, all the time.
const hangingReaders = 10

// Hang tells what a store whose provider hangs for ever does to readers of the others.
type Hang struct {
	// Before and During are live GETs of the other stores.
	Before Read `json:"before"`
	During Read `json:"during"`
	// Hanging are live GETs of the store that hangs.
	Hanging Distribution `json:"hanging"`
}

// measureHang adds a store with a provider of its own, and has that hang.
func (c *cluster) measureHang(ctx context.Context, result *Result) error {
	if !c.row.Hang {
		return nil
	}
	size := fleet.Size{Secrets: 100, Stores: 1, Items: 100, Namespaces: 1}
	other := &fleet.Fleet{Size: size, Name: "hanging", Provider: c.provider(size), Host: c.host, Client: c.client}
	if err := errors.Join(other.Prepare(ctx), other.Create(ctx, creators)); err != nil {
		return err
	}
	if err := c.settle(ctx); err != nil {
		return err
	}
	get := c.operations()[0]
	var err error
	result.Hang = &Hang{}
	if result.Hang.Before, err = c.read(ctx, get, hangingReaders, c.fleet.Members()); err != nil {
		return err
	}
	other.Provider.Harness().Faults.Add(harness.Fault{Kind: harness.Hang})
	stop := c.keepReading(ctx, get, other.Members())
	result.Hang.During, err = c.read(ctx, get, hangingReaders, c.fleet.Members())
	hanging, hangingErr := stop()
	result.Hang.Hanging = distribution(hanging)
	return errors.Join(err, hangingErr)
}

// keepReading has readers read until stop, which returns how long each read took: the last ones too.
func (c *cluster) keepReading(ctx context.Context, op operation, members []fleet.Member) (stop func() ([]float64, error)) {
	var stopped atomic.Bool
	all := make([]readings, hangingReaders)
	done := make(chan error, 1)
	go func() {
		done <- fleet.Each(ctx, hangingReaders, indices(hangingReaders), func(ctx context.Context, i int) error {
			return all[i].readWhile(ctx, op, members, func() bool { return !stopped.Load() })
		})
	}()
	return func() ([]float64, error) {
		stopped.Store(true)
		if err := <-done; err != nil {
			return nil, fmt.Errorf("reading of the store that hangs: %w", err)
		}
		var took []float64
		for _, r := range all {
			took = append(took, r.milliseconds...)
		}
		return took, nil
	}
}
