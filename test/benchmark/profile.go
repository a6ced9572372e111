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
func (c *cluster) profile(ctx context.Context, name string) (wait func() error, err error) {
	if c.set.profile == "" {
		return func() error { return nil }, nil
	}
	client, err := rest.HTTPClientFor(c.env.ControlPlane.RESTConfig())
	if err != nil {
		return nil, err
	}
	file := filepath.Join(c.set.profile, c.row.Name+"-"+strings.NewReplacer(" ", "", ",", "-").Replace(name)+".pprof")
	done := make(chan error, 1)
	go func() { done <- fetchProfile(ctx, client, c.env.Server.URL(), file) }()
	return func() error { return <-done }, nil
}

func fetchProfile(ctx context.Context, client *http.Client, server, file string) error {
	url := fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", server, int(profileTime.Seconds()))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
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
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o600)
}
