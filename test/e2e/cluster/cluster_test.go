package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

// want is what the manifests come to: namespace, Secret, keys with their values.
var want = map[string]map[string]map[string]string{
	"my-app": {
		"my-app-secret":   item(""),
		"my-app-config":   {"config.yaml": "database_url: postgres://demo-user:demo-db-pass-not-real@db:5432/myapp\napi_key: demo-api-key-not-real\n"},
		"my-app-prefixed": item("myapp_"),
	},
	"cert-manager": {"cloudflare-api-token": {"api-token": "demo-cert-manager-token-not-real"}},
}

// item is the fields of the item my-app, with a prefix.
func item(prefix string) map[string]string {
	fields := map[string]string{}
	for label, value := range map[string]string{
		"username": "my-app", "password": "demo-password-not-real", "notesPlain": "",
		"db_user": "demo-user", "db_pass": "demo-db-pass-not-real", "api_key": "demo-api-key-not-real",
	} {
		fields[prefix+label] = value
	}
	return fields
}

func TestTheFirstCluster(t *testing.T) {
	root, err := controlplane.RepositoryRoot()
	require.NoError(t, err)
	examples := filepath.Join(root, "artifacts", "examples")
	kubectl := env.Kubectl(t)
	for _, namespace := range append(slices.Collect(maps.Keys(want)), "security") {
		kubectl.Run("create", "namespace", namespace)
	}
	security := kubectl.In("security")
	security.Run("create", "secret", "generic", "onepassword-connect-token", "--from-literal=token="+framework.ConnectToken)
	security.Run("create", "secret", "generic", "universal-auth-credentials",
		"--from-literal=clientId="+framework.InfisicalID, "--from-literal=clientSecret="+framework.InfisicalSecret)

	require.Equal(t, 10, strings.Count(kubectl.Run("apply", "-f", examples), " created"))
	for namespace, secrets := range want {
		for name, values := range secrets {
			requireSecret(t, namespace, name, values)
		}
	}
	for _, kind := range []string{"clustersecretstores", "externalsecrets"} {
		kubectl.Run("wait", "--for=condition=Ready", kind, "--all", "--all-namespaces", "--timeout=60s")
	}
	require.Equal(t, 1, infisicalServer.Requests.Count(infisical.RouteLogin), "five stores share one identity")

	t.Run("a second apply changes nothing", func(t *testing.T) {
		before := versions(t)
		require.Equal(t, 10, strings.Count(env.Kubectl(t).Run("apply", "-f", examples), " unchanged"))
		require.Empty(t, env.Kubectl(t).Run("diff", "-f", examples))
		require.Equal(t, before, versions(t))
	})
	t.Run("server-side", func(t *testing.T) {
		kubectl := env.Kubectl(t)
		require.Equal(t, 10, strings.Count(kubectl.Run("apply", "--server-side", "--force-conflicts", "-f", examples), " serverside-applied"))
		before := versions(t)
		kubectl.Run("apply", "--server-side", "--force-conflicts", "-f", examples)
		require.Equal(t, before, versions(t))
		require.Empty(t, kubectl.Run("diff", "--server-side", "--force-conflicts", "-f", examples))
	})
	t.Run("a list shows all of it", func(t *testing.T) {
		list := env.Kubectl(t).Run("get", "externalsecrets", "-A")
		require.Regexp(t, `my-app\s+my-app\s+ClusterSecretStore\s+onepassword-connect\s+5m\s+SecretSynced\s+True\s+\S+\s+InSync\s+\S+`, list)
		require.Equal(t, 4, strings.Count(list, "InSync"), list)
	})
	t.Run("a change is seen and arrives", func(t *testing.T) {
		onePass.SetField("pitower", "my-app", "api_key", "changed")
		app := env.Kubectl(t).In("my-app")
		require.Contains(t, app.Run("get", "externalsecret", "my-app", "-o", "yaml"), "state: Drifted")
		values := item("")
		values["api_key"] = "changed"
		requireSecret(t, "my-app", "my-app-secret", values)
		framework.Eventually(t, "the live state follows", func(context.Context) error {
			if object := app.Run("get", "externalsecret", "my-app", "-o", "yaml"); !strings.Contains(object, "state: InSync") {
				return errors.New(object)
			}
			return nil
		})
	})
	t.Run("a deletion takes what it owns", func(t *testing.T) {
		kubectl := env.Kubectl(t)
		kubectl.Run("delete", "-f", filepath.Join(examples, "externalsecrets.yaml"))
		framework.Eventually(t, "the Secrets are collected", func(context.Context) error {
			if left := kubectl.In("my-app").Run("get", "secrets", "-o", "name"); left != "" {
				return errors.New(left)
			}
			return nil
		})
		kubectl.Run("delete", "namespace", "my-app", "cert-manager", "--timeout=60s")
	})
}

// requireSecret waits until a Secret holds exactly these values.
func requireSecret(t *testing.T, namespace, name string, values map[string]string) {
	t.Helper()
	framework.Eventually(t, fmt.Sprintf("Secret %s/%s is as it should be", namespace, name), func(ctx context.Context) error {
		secret, err := env.Host(t).CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		got := map[string]string{}
		for key, value := range secret.Data {
			got[key] = string(value)
		}
		if !maps.Equal(got, values) {
			return fmt.Errorf("it holds %v", got)
		}
		return nil
	})
}

// versions are the resourceVersions of all that the examples have.
func versions(t *testing.T) string {
	t.Helper()
	return env.Kubectl(t).Run("get", "externalsecrets,clustersecretstores", "-A",
		"-o", `jsonpath={range .items[*]}{.metadata.name}={.metadata.resourceVersion} {end}`)
}
