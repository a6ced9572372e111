package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"k8s.io/client-go/rest"

	"github.com/live-secrets/external-secrets-apiserver/test/fleet"
)

// mostRows bounds what readers of whole lists have in flight: this machine has to hold the answers too.
const mostRows = 200_000

// Reads tells how long readers wait. They go through kube-apiserver, as users do.
type Reads struct {
	// ProviderMilliseconds is how long the provider takes for the request that a live GET makes.
	ProviderMilliseconds Distribution `json:"providerMilliseconds"`
	Operations           []Read       `json:"operations"`
	// PeakMiB is the most memory that the server had, lists included.
	PeakMiB float64 `json:"peakMiB"`
}

// Read is one way to read, by so many readers at a time.
type Read struct {
	Operation    string       `json:"operation"`
	Readers      int          `json:"readers"`
	Milliseconds Distribution `json:"milliseconds"`
	// Held is how many answers said that what they show is older than the request asked for.
	Held int `json:"held"`
	cost
}

// operation makes one request.
type operation struct {
	name string
	list bool
	ask  func(m fleet.Member) *rest.Request
}

// operations are the ways to read, as a client of our kinds asks.
func (c *cluster) operations() []operation {
	client := c.client.ExternalSecretsV1().RESTClient()
	get := func(m fleet.Member) *rest.Request {
		return client.Get().Namespace(m.Namespace).Resource("externalsecrets").Name(m.Name)
	}
	list := func(fleet.Member) *rest.Request { return client.Get().Resource("externalsecrets") }
	stored := func(ask func(fleet.Member) *rest.Request) func(fleet.Member) *rest.Request {
		return func(m fleet.Member) *rest.Request {
			return ask(m).Param("resourceVersion", "0")
		}
	}
	return []operation{
		{name: opGet, ask: get},
		{name: opStoredGet, ask: stored(get)},
		{name: opSecret, ask: func(m fleet.Member) *rest.Request { return get(m).SubResource("secret") }},
		{name: opList, list: true, ask: list},
		{name: opStoredList, list: true, ask: stored(list)},
	}
}

const (
	opGet        = "GET"
	opStoredGet  = "GET, resourceVersion=0"
	opSecret     = "GET, secret"
	opList       = "LIST"
	opStoredList = "LIST, resourceVersion=0"
)

// measureReads has readers read in every way.
func (c *cluster) measureReads(ctx context.Context, result *Result) error {
	if len(c.row.Readers) == 0 {
		return nil
	}
	members := c.fleet.Members()
	var err error
	if result.Reads.ProviderMilliseconds, err = c.providerLatency(ctx, members[0]); err != nil {
		return err
	}
	for _, readers := range c.row.Readers {
		for _, op := range c.operations() {
			if op.list && readers*len(members) > mostRows {
				continue
			}
			read, err := c.read(ctx, op, readers, members)
			if err != nil {
				return fmt.Errorf("%s by %d readers: %w", op.name, readers, err)
			}
			result.Reads.Operations = append(result.Reads.Operations, read)
		}
	}
	_, result.Reads.PeakMiB, err = c.server.memory()
	return err
}

// read has readers make requests until the time is over, each at least one.
func (c *cluster) read(ctx context.Context, op operation, readers int, members []fleet.Member) (Read, error) {
	result := Read{Operation: op.name, Readers: readers}
	// Connections are made, and caches filled, by somebody who is not measured.
	if _, err := op.ask(members[0]).Do(ctx).Raw(); err != nil {
		return result, err
	}
	all := make([]readings, readers)
	until := time.Now().Add(c.set.reads)
	var err error
	result.cost, err = c.measured(ctx, fmt.Sprintf("%s-%d", op.name, readers), func() error {
		return fleet.Each(ctx, readers, indices(readers), func(ctx context.Context, i int) error {
			return all[i].readWhile(ctx, op, members, func() bool { return time.Now().Before(until) })
		})
	})
	if err != nil {
		return result, err
	}
	var took []float64
	for _, r := range all {
		took = append(took, r.milliseconds...)
		result.Held += r.held
	}
	result.Milliseconds = distribution(took)
	return result, nil
}

// readings are those of one reader.
type readings struct {
	milliseconds []float64
	held         int
}

// readWhile reads once, and again while there is more to do.
func (r *readings) readWhile(ctx context.Context, op operation, members []fleet.Member, more func() bool) error {
	for {
		m := members[rand.IntN(len(members))]
		began := time.Now()
		answer, err := op.ask(m).Do(ctx).Raw()
		if err != nil {
			return err
		}
		r.milliseconds = append(r.milliseconds, milliseconds(time.Since(began)))
		if bytes.Contains(answer, []byte(`"observedTime"`)) {
			r.held++
		}
		if !more() {
			return nil
		}
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
