package materialize

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// The Lease names the one that writes. A replica that was killed takes it up again under the same name.
func TestElection(t *testing.T) {
	f := newFixture(t)
	holder := func() (name string) {
		t.Helper()
		framework.Eventually(t, "a Lease is held", func(ctx context.Context) error {
			lease, err := env.Host(t).CoordinationV1().Leases("external-secrets").Get(ctx, "external-secrets-apiserver", metav1.GetOptions{})
			if err != nil {
				return err
			}
			if lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "" {
				return errors.New("nobody holds it")
			}
			name = *lease.Spec.HolderIdentity
			return nil
		})
		return name
	}
	env.Server.Restart(t, "--leader-elect")
	f.Kubectl.Apply(app("db", ""))
	f.holds(t, "db", "password", framework.FirstPassword)
	first := holder()

	env.Server.Kill(t)
	env.Server.Start(t)
	f.SetPassword("changed")
	f.holds(t, "db", "password", "changed")
	require.Equal(t, first, holder())
}
