package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/client-go/rest"
)

// profileTime is how long a profile is taken: what the phase takes beyond it is not in it.
const profileTime = 5 * time.Second

// profile takes a profile of the server's CPU time, from now on, where profiles are wanted. wait returns when it has been
// written.
func (c *cluster) profile(ctx context.Context, phase string) (wait func() error) {
	done := make(chan error, 1)
	go func() {
		done <- c.fetch(ctx, phase, fmt.Sprintf("profile?seconds=%d", int(profileTime.Seconds())))
	}()
	return func() error { return <-done }
}

// heap writes what the server's memory is taken up by, where profiles are wanted.
func (c *cluster) heap(ctx context.Context, phase string) error {
	return c.fetch(ctx, phase+"-heap", "heap")
}

// fetch writes one of the server's profiles, where profiles are wanted.
func (c *cluster) fetch(ctx context.Context, name, profile string) error {
	if c.set.profile == "" {
		return nil
	}
	client, err := rest.HTTPClientFor(c.env.ControlPlane.RESTConfig())
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.env.Server.URL()+"/debug/pprof/"+profile, http.NoBody)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("taking a profile: %w", err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return fmt.Errorf("taking a profile: %s: %w", answer.Status, err)
	}
	if err := os.MkdirAll(c.set.profile, 0o755); err != nil {
		return err
	}
	name = strings.NewReplacer(" ", "", ",", "-").Replace(c.row.Name + "-" + name + ".pprof")
	return os.WriteFile(filepath.Join(c.set.profile, name), content, 0o600)
}
