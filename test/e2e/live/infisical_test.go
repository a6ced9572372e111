package live

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/seed"
)

const inFolder = "universalAuthCredentials: {clientId: {name: identity, key: id}, clientSecret: {name: identity, key: secret}}"

// TestPrivateAuthorities has stores verify an instance in every way that a spec can say whom to trust.
func TestPrivateAuthorities(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, f.Infisical = seed.HomeCluster().Servers(connect.Options{}, infisical.Options{})
	f.Infisical.StartTLS()
	t.Cleanup(f.Infisical.Close)
	foreign := harness.New(nil)
	foreign.StartTLS()
	t.Cleanup(foreign.Close)
	right, wrong := string(f.Infisical.CA()), string(foreign.CA())
	object := func(kind, field, name, pem string) string {
		text, err := json.Marshal(pem)
		require.NoError(t, err)
		return fmt.Sprintf("{apiVersion: v1, kind: %s, metadata: {name: %s}, %s: {ca.crt: %s}}\n---\n", kind, name, field, text)
	}
	// The field is bytes: a manifest has it in base64, and some have PEM in base64 once more.
	bundle := func(pem string) string { return "caBundle: " + base64.StdEncoding.EncodeToString([]byte(pem)) }
	provided := func(kind, name string) string {
		return fmt.Sprintf("caProvider: {type: %s, name: %s, key: ca.crt}", kind, name)
	}
	f.Kubectl.Apply(object("ConfigMap", "data", "right", right) + object("ConfigMap", "data", "wrong", wrong) +
		object("Secret", "stringData", "right", right))
	store := func(name string, trust ...string) string {
		return strings.ReplaceAll(f.store(name, "{"+inFolder+"}"), "      secretsScope:", "      "+strings.Join(trust, "\n      ")+"\n      secretsScope:")
	}
	good := map[string]string{
		"pem":       store("pem", bundle(right)),
		"twice":     store("twice", bundle(base64.StdEncoding.EncodeToString([]byte(right)))),
		"configmap": store("configmap", provided("ConfigMap", "right")),
		"secret":    store("secret", provided("Secret", "right")),
		"both":      store("both", bundle(right), provided("ConfigMap", "wrong")),
	}
	for _, manifest := range good {
		f.Kubectl.Apply(manifest)
	}
	for name := range good {
		f.reads(t, name)
	}
	require.Equal(t, 1, f.Infisical.Requests.Count(infisical.RouteLogin), "they trust the same, and share a login")

	f.Kubectl.Apply(store("wrong", provided("ConfigMap", "wrong")))
	f.says(t, "wrong", v1.LiveUnavailable, "Infisical cannot be reached: the server's certificate is not trusted")
	f.Kubectl.Apply(object("ConfigMap", "data", "wrong", right))
	f.reads(t, "wrong")
}

func TestMetadataInPlaceOfValues(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Infisical.EditSecret("home-lab-iwi-y", "prod", "/app", "KEY", func(s *infisical.Secret) {
		s.Value, s.Tags, s.Metadata, s.Hidden = "not shown", []string{"web"}, map[string]string{"owner": "ops"}, true
	})
	f.Kubectl.Apply(`
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: about}
spec:
  secretStoreRef: {name: folder}
  data:
  - {secretKey: whole, remoteRef: {key: /app/KEY, metadataPolicy: Fetch}}
  - {secretKey: mark, remoteRef: {key: /app/KEY, metadataPolicy: Fetch, property: tags.0}}
  dataFrom:
  - extract: {key: /app/KEY, metadataPolicy: Fetch, property: metadata}
`)
	framework.Eventually(t, "it is read", func(context.Context) error {
		_, _, err := f.Kubectl.Do("", "get", "externalsecret", "about", "--subresource=secret")
		return err
	})
	require.Equal(t, "web", f.value(t, "about", "mark"))
	require.Equal(t, "ops", f.value(t, "about", "owner"))
	whole := f.value(t, "about", "whole")
	require.Contains(t, whole, `"key":"KEY"`)
	require.NotContains(t, whole, "not shown")
}
