package secrecy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

// everything is an audit policy that records all that it can.
const everything = `
apiVersion: audit.k8s.io/v1
kind: Policy
rules: [{level: RequestResponse}]
`

// specs make use of values in every way that a spec can, most of them wrongly.
var specs = map[string]string{
	"plain":       `dataFrom: [{extract: {key: app}}]`,
	"infisical":   `{secretStoreRef: {name: folder}, data: [{secretKey: token, remoteRef: {key: TOKEN}}, {secretKey: part, remoteRef: {key: JSON, property: inner}}]}`,
	"found":       `dataFrom: [{find: {name: {regexp: .*}}}]`,
	"rendered":    `{target: {template: {metadata: {labels: {a: b}}, data: {config: "p={{ .password }}"}}}, dataFrom: [{extract: {key: app}}]}`,
	"fails":       `{target: {template: {data: {a: "{{ fail .password }}"}}}, dataFrom: [{extract: {key: app}}]}`,
	"key-name":    `{target: {template: {templateFrom: [{literal: "{{ .password }}!: x"}]}}, dataFrom: [{extract: {key: app}}]}`,
	"label":       `{target: {template: {metadata: {labels: {a: "{{ .password }} is no label"}}}}, dataFrom: [{extract: {key: app}}]}`,
	"no-yaml":     `{target: {template: {templateFrom: [{literal: "{{ .password }}: ["}]}}, dataFrom: [{extract: {key: app}}]}`,
	"number":      `{target: {template: {data: {a: "{{ atoi .password | add 1 }}{{ index .password 9999 }}"}}}, dataFrom: [{extract: {key: app}}]}`,
	"base64":      `data: [{secretKey: a, remoteRef: {key: app, property: password, decodingStrategy: Base64}}]`,
	"merge":       `dataFrom: [{extract: {key: app}, rewrite: [{merge: {}}]}]`,
	"json":        `{secretStoreRef: {name: folder}, data: [{secretKey: a, remoteRef: {key: TOKEN, property: inner}}]}`,
	"null-bytes":  `data: [{secretKey: a, remoteRef: {key: app, property: binary, nullBytePolicy: Fail}}]`,
	"certificate": `{target: {template: {data: {a: "{{ .password | filterPEM \"X\" }}{{ pkcs12key .password }}"}}}, dataFrom: [{extract: {key: app}}]}`,
	"robot":       `{secretStoreRef: {name: robot}, data: [{secretKey: a, remoteRef: {key: TOKEN}}]}`,
	"directory":   `{secretStoreRef: {name: directory}, data: [{secretKey: a, remoteRef: {key: TOKEN, metadataPolicy: Fetch}}]}`,
	"absent":      `data: [{secretKey: a, remoteRef: {key: absent}}]`,
}

// logins are stores that log in by a service account and as a user of a directory.
const logins = `
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: robot}
spec:
  provider:
    infisical:
      hostAPI: %[1]s
      auth: {kubernetesAuthCredentials: {identityId: {name: machine, key: id}, serviceAccountRef: {name: default}}}
      secretsScope: {projectSlug: home-lab-iwi-y, environmentSlug: prod}
---
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: directory}
spec:
  provider:
    infisical:
      hostAPI: %[1]s
      auth:
        ldapAuthCredentials:
          identityId: {name: machine, key: id}
          ldapUsername: {name: machine, key: user}
          ldapPassword: {name: machine, key: password}
      secretsScope: {projectSlug: home-lab-iwi-y, environmentSlug: prod}
`

func TestNoValueIsWhereNoneMayBe(t *testing.T) {
	secret := canaries{}
	dir := t.TempDir()
	policy, auditLog := filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "audit.log")
	require.NoError(t, os.WriteFile(policy, []byte(everything), 0o600))
	env.Server.Restart(t, "-v=10", "--audit-policy-file="+policy, "--audit-log-path="+auditLog)

	f := env.Tenant(t)
	kubectl, namespace := f.Kubectl, f.Namespace
	token, clientSecret := secret.mark("the Connect token"), secret.mark("the client secret")
	f.Connect.AddToken(connect.Token{Value: token, Vaults: []string{"pitower"}})
	f.Infisical.AddIdentity(infisical.Identity{ClientID: "canary", ClientSecret: clientSecret})
	kubectl.Apply(fmt.Sprintf("{apiVersion: v1, kind: Secret, metadata: {name: token}, stringData: {token: %s}}", token))
	kubectl.Apply(fmt.Sprintf("{apiVersion: v1, kind: Secret, metadata: {name: identity}, stringData: {id: canary, secret: %s}}", clientSecret))
	password := secret.mark("the password of a user")
	secret["a token of a service account"] = "eyJhbGciOi" // how they all begin
	f.Infisical.AddIdentity(infisical.Identity{
		ID: "machine", Kubernetes: &infisical.KubernetesAuth{Namespaces: []string{namespace}}, LDAP: &infisical.LDAPAuth{Username: "alice", Password: password},
	})
	kubectl.Apply(fmt.Sprintf("{apiVersion: v1, kind: Secret, metadata: {name: machine}, stringData: {id: machine, user: alice, password: %s}}", password))
	f.Connect.AddItem("pitower", connect.Item{Title: "app", Fields: []connect.Field{
		connect.Text("user", secret.mark("a text field")), connect.Concealed("password", secret.mark("a concealed field")),
		connect.Concealed("binary", secret.mark("a binary field")+"\x00"),
	}})
	f.Infisical.SetSecret("home-lab-iwi-y", "prod", "/", "TOKEN", secret.mark("a secret"))
	f.Infisical.SetSecret("home-lab-iwi-y", "prod", "/", "JSON", `{"inner":"`+secret.mark("a property")+`"}`)

	said := &strings.Builder{} // what kubectl printed to somebody who asked for no values
	run := func(stdin string, args ...string) {
		stdout, stderr, _ := kubectl.Do(stdin, args...)
		fmt.Fprintln(said, stdout, stderr)
	}
	run(f.Stores()+"---"+fmt.Sprintf(logins, f.Infisical.URL()), "apply", "-f", "-")
	for name, spec := range specs {
		object := objectOf(name, spec)
		run(object, "create", "--dry-run=server", "-o", "yaml", "-f", "-")
		run(object, "apply", "-f", "-")
	}
	attempted(t, namespace)
	for name := range specs {
		run("", "get", "externalsecret", name, "-o", "yaml")
		run("{}", "create", "--raw", fmt.Sprintf("/apis/external-secrets.io/v1/namespaces/%s/externalsecrets/%s/refresh", namespace, name), "-f", "-")
		// A user who may read values gets them, or an error that holds none.
		_, stderr, err := kubectl.Do("", "get", "externalsecret", name, "--subresource=secret", "-o", "yaml")
		fmt.Fprintln(said, stderr)
		if name == "plain" || name == "robot" || name == "directory" {
			require.NoError(t, err, stderr)
		}
	}
	run("", "get", "secretstore", "vault", "--subresource=keys")
	f.Connect.SetField("pitower", "app", "password", secret.mark("a later value"))
	f.Connect.Faults.Add(harness.HTML(502))
	run("", "get", "externalsecrets", "-o", "yaml")
	f.Connect.Faults.Clear()
	run("", "get", "externalsecrets", "-o", "yaml")
	kubectl.Run("delete", "externalsecret", "plain")

	run("", "get", "events", "-o", "yaml")
	run("", "get", "--raw", "/apis/external-secrets.io/v1/secretstores")
	metrics := metricsText(t)

	secret.requireNone(t, "what kubectl printed", []byte(said.String()))
	secret.requireNone(t, "/metrics", metrics)
	secret.requireNone(t, "the log", []byte(env.Server.Log(t)))
	log, err := os.ReadFile(auditLog)
	require.NoError(t, err)
	require.Contains(t, string(log), `"level":"RequestResponse"`, "the policy is in force")
	require.Contains(t, string(log), `"subresource":"secret"`, "reads of values are recorded, without them")
	secret.requireNone(t, "the audit log", log)
	_, _, err = env.Command(t, "snapshot", "save", filepath.Join(env.Server.DataDir(), "snapshot.db"), "--data-dir="+env.Server.DataDir())
	require.NoError(t, err)
	env.Server.Stop(t)
	secret.requireNoneBelow(t, env.Server.DataDir())
	env.Server.Start(t)
}

// metricsText is what a scraper with the right to it sees.
func metricsText(t *testing.T) []byte {
	t.Helper()
	status, text := env.Server.Fetch(t, "/metrics")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, string(text), "apiserver_request_total")
	return text
}

func objectOf(name, spec string) string {
	if !strings.HasPrefix(spec, "{") {
		spec = "{" + spec + "}"
	}
	if !strings.Contains(spec, "secretStoreRef") {
		spec = "{secretStoreRef: {name: vault}, " + spec[1:]
	}
	return fmt.Sprintf("apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: %s}\nspec: %s\n", name, spec)
}

// attempted waits until the materializer has said something about every ExternalSecret.
func attempted(t *testing.T, namespace string) {
	t.Helper()
	client := env.Clientset(t).ExternalSecretsV1().ExternalSecrets(namespace)
	framework.Eventually(t, "every ExternalSecret has a condition", func(ctx context.Context) error {
		list, err := client.List(ctx, metav1.ListOptions{ResourceVersion: "0"})
		if err != nil {
			return err
		}
		var without []error
		for _, es := range list.Items {
			if len(es.Status.Conditions) == 0 {
				without = append(without, fmt.Errorf("%s has none", es.Name))
			}
		}
		return errors.Join(without...)
	})
}
