package live

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// fixture is a tenant with what these tests ask of it.
type fixture struct {
	*framework.Tenant
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	return &fixture{env.Tenant(t)}
}

// manifest is an ExternalSecret that takes all of the item my-app and writes nothing, with more below spec.
func manifest(name, more string) string {
	return fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: %s}
spec:
  secretStoreRef: {name: vault}
  dataFrom: [{extract: {key: my-app}}]
%s`, name, more)
}

// live reads an ExternalSecret as kubectl get -o yaml does.
func (f *fixture) live(t *testing.T, name string) v1.LiveStatus {
	t.Helper()
	return liveOf(t, f.Kubectl.Run("get", "externalsecret", name, "-o", "json"))
}

func liveOf(t *testing.T, object string) v1.LiveStatus {
	t.Helper()
	var es v1.ExternalSecret
	require.NoError(t, json.Unmarshal([]byte(object), &es))
	require.NotNil(t, es.Status.Live, "a read for the most recent state has a live status")
	return *es.Status.Live
}

// value is one value of the Secret that an ExternalSecret comes to now.
func (f *fixture) value(t *testing.T, name, key string) string {
	t.Helper()
	return f.Kubectl.Run("get", "externalsecret", name, "--subresource=secret",
		"-o", fmt.Sprintf(`go-template={{index .data %q | base64decode}}`, key))
}

// eventuallyState waits until a live read finds a state.
func (f *fixture) eventuallyState(t *testing.T, name string, want v1.LiveState) {
	t.Helper()
	framework.Eventually(t, fmt.Sprintf("%s is %s", name, want), func(context.Context) error {
		if live := f.live(t, name); live.State != want {
			return fmt.Errorf("it is %s: %s", live.State, live.Message)
		}
		return nil
	})
}
