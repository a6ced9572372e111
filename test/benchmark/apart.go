package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/fleet"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

const (
	// leaseNamespace and leaseName are those of the server's Lease, in an installation from artifacts/deploy.
	leaseNamespace, leaseName = "external-secrets", "external-secrets-apiserver"
	// leaderLeaves is how long a leader takes to leave when somebody else has its Lease.
	leaderLeaves = 12 * time.Second
)

// Apart tells what accepting ExternalSecrets costs, and what their Secrets cost when they are stored already. A controller, whose
// objects kube-apiserver keeps, is to be compared with the latter.
type Apart struct {
	Accepting cost `json:"accepting"`
	Making    cost `json:"making"`
}

// measureApart creates the ExternalSecrets while the server does not lead and the provider does not answer, of which nothing but
// the objects stays. Then both do.
func (c *cluster) measureApart(ctx context.Context, result *Result) error {
	ctx, cancel := context.WithTimeout(ctx, fillLimit)
	defer cancel()
	if err := c.hold(ctx, "benchmark"); err != nil {
		return err
	}
	if err := sleep(ctx, leaderLeaves); err != nil {
		return err
	}
	var err error
	result.Apart = &Apart{}
	fault := c.fleet.Provider.Harness().Faults.Add(harness.JSON(http.StatusServiceUnavailable, "{}"))
	if result.Apart.Accepting, err = c.measured(ctx, "accept", func() error { return c.fleet.Create(ctx, creators) }); err != nil {
		return err
	}
	fault.Remove()
	if err := c.awaitAnswer(ctx); err != nil {
		return err
	}
	if made := len(c.secrets.Held()); made > 0 {
		return fmt.Errorf("%d Secrets were made while the server was not to lead", made)
	}
	result.Apart.Making, err = c.measured(ctx, "make", func() error {
		if err := c.hold(ctx, ""); err != nil {
			return err
		}
		_, err := c.secrets.Wait(ctx, c.fleet.Members(), fleet.First)
		return err
	})
	return err
}

// awaitAnswer waits until the server has found out that the provider answers again.
func (c *cluster) awaitAnswer(ctx context.Context) error {
	first := c.fleet.Members()[0]
	for {
		es, err := c.client.ExternalSecretsV1().ExternalSecrets(first.Namespace).Get(ctx, first.Name, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("reading an ExternalSecret: %w", err)
		}
		if es.Status.Live != nil && es.Status.Live.State != v1.LiveUnavailable {
			return nil
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// hold gives the server's Lease to somebody, for longer than a row takes, or to nobody.
func (c *cluster) hold(ctx context.Context, holder string) error {
	leases := c.host.CoordinationV1().Leases(leaseNamespace)
	for {
		lease, err := leases.Get(ctx, leaseName, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("reading the server's Lease: %w", err)
		}
		now := metav1.NowMicro()
		lease.Spec = coordinationv1.LeaseSpec{
			HolderIdentity: &holder, LeaseDurationSeconds: ptr.To(int32(fillLimit.Seconds())), AcquireTime: &now, RenewTime: &now,
		}
		if _, err = leases.Update(ctx, lease, metav1.UpdateOptions{}); err == nil {
			return nil
		}
		// The server may have renewed it meanwhile.
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}
