package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/test/fleet"
)

// providerSamples is how often the provider is asked to tell how long it takes.
const providerSamples = 100

// providerLatency is how long the provider takes for the request that a live GET made: the same request, sent again.
func (c *cluster) providerLatency(ctx context.Context, m fleet.Member) (Distribution, error) {
	provider := c.fleet.Provider.Harness()
	provider.Requests.Reset()
	if _, err := c.operations()[0].ask(m).Do(ctx).Raw(); err != nil {
		return Distribution{}, err
	}
	entries := provider.Requests.Entries()
	if len(entries) == 0 {
		return Distribution{}, errors.New("a live GET asked the provider nothing")
	}
	last := entries[len(entries)-1]
	url := provider.URL() + last.Path + "?" + last.Query.Encode()
	var took []float64
	for range providerSamples {
		request, err := http.NewRequestWithContext(ctx, last.Method, url, http.NoBody)
		if err != nil {
			return Distribution{}, err
		}
		request.Header = last.Header
		began := time.Now()
		if err := send(request); err != nil {
			return Distribution{}, err
		}
		took = append(took, milliseconds(time.Since(began)))
	}
	// The first one has opened the connection.
	return distribution(took[1:]), nil
}

func send(request *http.Request) error {
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s", request.Method, request.URL.Path, answer.Status)
	}
	return nil
}
