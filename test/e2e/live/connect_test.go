package live

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
)

// A Connect with https is trusted by the roots that SSL_CERT_FILE names. Of one that is not, the cause is told.
func TestConnectOverTLS(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	foreign := connect.New(connect.Options{Token: framework.ConnectToken})
	foreign.StartTLS()
	t.Cleanup(foreign.Close)
	foreign.AddVault("pitower")
	for name, host := range map[string]string{"secured": secured.URL(), "foreign": foreign.URL()} {
		f.Kubectl.Apply(fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: %s}
spec:
  provider:
    onepassword:
      connectHost: %s
      vaults: {pitower: 1}
      auth: {secretRef: {connectTokenSecretRef: {name: token, key: token}}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: %s}
spec:
  secretStoreRef: {name: %s}
  target: {creationPolicy: None}
  data: [{secretKey: password, remoteRef: {key: my-app, property: db_pass}}]
`, name, host, name, name))
	}
	f.eventuallyState(t, "secured", v1.LiveVirtual)
	require.Equal(t, framework.FirstPassword, f.value(t, "secured", "password"))
	f.eventuallyState(t, "foreign", v1.LiveUnavailable)
	require.Contains(t, f.live(t, "foreign").Message, "the server's certificate is not trusted")
	require.Zero(t, foreign.Requests.Total())
}

// What 1Password's own secret references can name beside a field: the current one-time code, and what describes an item.
func TestConnectAttributes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Connect.AddItem("pitower", connect.Item{Title: "login", Tags: []string{"prod"}, Fields: []connect.Field{
		{Type: "OTP", Label: "one-time password", Value: "otpauth://totp/x?period=1&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"},
	}})
	f.Kubectl.Apply(`
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: login}
spec:
  secretStoreRef: {name: vault}
  refreshInterval: 1h
  data:
  - {secretKey: code, remoteRef: {key: login, property: "one-time password?attribute=otp"}}
  - {secretKey: tags, remoteRef: {key: login, property: tags, metadataPolicy: Fetch}}
`)
	f.eventuallyState(t, "login", v1.LiveInSync)
	code := f.value(t, "login", "code")
	require.Regexp(t, `^[0-9]{6}$`, code)
	require.Equal(t, `["prod"]`, f.value(t, "login", "tags"))
	framework.Eventually(t, "a read shows the code of another second", func(context.Context) error {
		if again := f.value(t, "login", "code"); again == code {
			return errors.New("it is the same")
		}
		return nil
	})
	require.Equal(t, v1.LiveInSync, f.live(t, "login").State, "time alone is no drift")
}
