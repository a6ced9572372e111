package scale

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/fleet"
)

// While one store's provider answers nobody, and readers and the materializer wait for it, the others are read, and what
// changes there is written.
func TestAStoreThatHangsIsAlone(t *testing.T) {
	vault, folder := both(t)
	small := fleet.Size{Secrets: 20, Stores: 1, Items: 20, Namespaces: 1}
	hanging, err := newCrowd("hanging", fleet.NewConnect(small), small, "")
	require.NoError(t, err)
	newJournal(t) // when it returns, all of them are done

	gate := hanging.Provider.Harness().Hold("", 0)
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan struct{})
	go func() {
		defer close(waiting)
		for ctx.Err() == nil {
			// That they wait is the point; what they are told is not.
			_ = fleet.Each(ctx, small.Secrets, hanging.Members(), func(ctx context.Context, m fleet.Member) error {
				_, _ = hanging.Client.ExternalSecretsV1().ExternalSecrets(m.Namespace).Get(ctx, m.Name, metav1.GetOptions{})
				return nil
			})
		}
	}()
	require.NoError(t, gate.Wait(t.Context(), 1))
	for _, c := range []*crowd{vault, folder} {
		for _, m := range c.Members()[:50] {
			live, err := liveOf(t.Context(), c, m)
			require.NoError(t, err)
			require.Equal(t, v1.LiveInSync, live.State, live.Message)
			require.Nil(t, live.ObservedTime, "it is as fresh as was asked for")
		}
		c.Provider.Set(0, 11, "changed meanwhile")
	}
	for _, c := range []*crowd{vault, folder} {
		_, err := c.secrets.Wait(t.Context(), c.on(11), func(fleet.Member) string { return "changed meanwhile" })
		require.NoError(t, err)
	}
	require.NotZero(t, gate.Arrived())
	require.NotZero(t, hanging.Provider.Harness().Requests.Total(), "they wait still")
	cancel()
	<-waiting

	gate.Release()
	hanging.Provider.Set(0, 0, "after all")
	_, err = hanging.secrets.Wait(t.Context(), hanging.on(0), func(fleet.Member) string { return "after all" })
	require.NoError(t, err)
}
