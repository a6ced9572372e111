package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/test/fleet"
)

const (
	// creators is how many create at the same time: so many workers the server has, too.
	creators = 16
	// fillLimit is how long ExternalSecrets may take from nothing.
	fillLimit = 10 * time.Minute
)

// Fill is what it takes until all Secrets are there.
type Fill struct {
	// BareSeconds is how long as many bare Secrets take, made by 16 workers.
	BareSeconds float64 `json:"bareSeconds"`
	// AcceptSeconds is how long the ExternalSecrets took to be created, by 16 workers.
	AcceptSeconds float64 `json:"acceptSeconds"`
	// LastSeconds is how long after the last of them was accepted the last Secret was there.
	LastSeconds float64 `json:"lastSeconds"`
	cost
}

// measureBare creates as many Secrets as there will be, by hand, and deletes them.
func (c *cluster) measureBare(ctx context.Context, result *Result) error {
	const name = "bare"
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := c.host.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("making a namespace: %w", err)
	}
	secrets := c.host.CoreV1().Secrets(name)
	began := time.Now()
	err := fleet.Each(ctx, creators, c.fleet.Members(), func(ctx context.Context, m fleet.Member) error {
		_, err := secrets.Create(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: m.Name},
			Data:       map[string][]byte{fleet.SecretKey: []byte(fleet.FirstValue)},
		}, metav1.CreateOptions{})
		return err
	})
	if err != nil {
		return fmt.Errorf("making a Secret: %w", err)
	}
	result.Fill.BareSeconds = time.Since(began).Seconds()
	if err := secrets.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
		return fmt.Errorf("deleting Secrets: %w", err)
	}
	return nil
}

// measureFill creates the ExternalSecrets and waits for their Secrets.
func (c *cluster) measureFill(ctx context.Context, result *Result) error {
	ctx, cancel := context.WithTimeout(ctx, fillLimit)
	defer cancel()
	c.fleet.Provider.Harness().SetDelay(c.row.Delay)
	var err error
	result.Fill.cost, err = c.measured(ctx, "fill", func() error {
		began := time.Now()
		if err := c.fleet.Create(ctx, creators); err != nil {
			return err
		}
		accepted := time.Now()
		last, err := c.secrets.Wait(ctx, c.fleet.Members(), fleet.First)
		result.Fill.AcceptSeconds = accepted.Sub(began).Seconds()
		result.Fill.LastSeconds = max(0, last.Sub(accepted).Seconds())
		return err
	})
	return err
}
