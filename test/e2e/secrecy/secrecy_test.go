package secrecy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/test/collector"
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
	"file":        `data: [{secretKey: a, remoteRef: {key: app, property: file/file.txt}}]`,
	"digest":      `{target: {template: {data: {a: "{{ .password | sha256sum }}"}}}, dataFrom: [{extract: {key: app}}]}`,
	"templates":   `{target: {template: {templateFrom: [{secret: {name: source, items: [{key: text, templateAs: KeysAndValues}]}}]}}, dataFrom: [{extract: {key: app}}]}`,
	"absent":      `data: [{secretKey: a, remoteRef: {key: absent}}]`,
}

// works are those that come to a Secret, with a canary that is in it.
var works = map[string]string{
	"plain": "a concealed field", "robot": "a secret", "infisical": "a property", "file": "a file",
	"digest": "what a template makes of a value", "templates": "a template",
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

// templates is a Secret whose content templateFrom takes for a template.
const templates = `{apiVersion: v1, kind: Secret, metadata: {name: source}, stringData: {text: "a: %s"}}`

func TestNoValueIsWhereNoneMayBe(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) { leavesNothing(t, format) })
	}
}

// leavesNothing has a server that logs all that it can do everything that has to do with values, and looks for them in what is
// left behind. What is planted where it may be is found by the same search.
func leavesNothing(t *testing.T, format string) {
	host, err := env.HostEtcd()
	require.NoError(t, err)
	defer host.Close()
	before, err := host.Revision(t.Context())
	require.NoError(t, err)
	dir := t.TempDir()
	policy, auditLog, tracing := filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "audit.log"), filepath.Join(dir, "tracing.yaml")
	spans, err := collector.Start()
	require.NoError(t, err)
	defer spans.Close()
	require.NoError(t, os.WriteFile(policy, []byte(everything), 0o600))
	require.NoError(t, os.WriteFile(tracing, []byte(spans.Configuration()), 0o600))
	env.Server.Restart(t, "-v=10", "--logging-format="+format, "--audit-policy-file="+policy, "--audit-log-path="+auditLog,
		"--tracing-config-file="+tracing)

	f := env.Tenant(t)
	secret := plant(f)
	said := &strings.Builder{} // what kubectl printed to somebody who asked for no values
	use(t, f, secret, said)
	planted := canaries{}.mark("what is planted in " + format)
	f.Kubectl.Run("create", "configmap", "planted", "--from-literal=a="+planted)
	f.Kubectl.Run("annotate", "externalsecret", "rendered", "planted="+planted)
	f.Kubectl.Run("get", "externalsecrets", "--selector=planted="+planted)
	f.Kubectl.Run("get", "events", "--field-selector=reason="+planted)
	fmt.Fprintln(said, f.Kubectl.Run("get", "externalsecret", "rendered", "-o", "yaml"))

	framework.Eventually(t, "what was asked last is in the log", func(context.Context) error {
		if find(planted, []byte(env.Server.Log(t))) < 0 {
			return errors.New("it is not")
		}
		return nil
	})
	left := places{"what kubectl printed": []byte(said.String())}
	left.ofProcess(t, auditLog)
	left.ofHost(t, before)
	env.Server.Stop(t)
	left["traces"] = spans.Received()
	left.ofDisk(t)
	env.Server.Start(t)
	left.require(t, secret)
	for _, place := range []string{
		"what kubectl printed", "the log", "the audit log", "a snapshot", "traces", "the data directory",
		"the host's audit log", "the host's etcd",
	} {
		require.GreaterOrEqual(t, find(planted, left[place]), 0, "what was planted is found in %s", place)
	}
}

// plant puts a canary everywhere that a value can come from.
func plant(f *framework.Tenant) canaries {
	secret := canaries{}
	token, clientSecret := secret.mark("the Connect token"), secret.mark("the client secret")
	f.Connect.AddToken(connect.Token{Value: token, Vaults: []string{"pitower"}})
	f.Infisical.AddIdentity(infisical.Identity{ClientID: "canary", ClientSecret: clientSecret})
	f.Kubectl.Apply(fmt.Sprintf("{apiVersion: v1, kind: Secret, metadata: {name: token}, stringData: {token: %s}}", token))
	f.Kubectl.Apply(fmt.Sprintf("{apiVersion: v1, kind: Secret, metadata: {name: identity}, stringData: {id: canary, secret: %s}}", clientSecret))
	password := secret.mark("the password of a user")
	// Tokens of service accounts, and those that Infisical gives for a login.
	secret["a JSON web token"] = "eyJhbGciOi"
	f.Infisical.AddIdentity(infisical.Identity{
		ID: "machine", Kubernetes: &infisical.KubernetesAuth{Namespaces: []string{f.Namespace}}, LDAP: &infisical.LDAPAuth{Username: "alice", Password: password},
	})
	f.Kubectl.Apply(fmt.Sprintf("{apiVersion: v1, kind: Secret, metadata: {name: machine}, stringData: {id: machine, user: alice, password: %s}}", password))
	f.Kubectl.Apply(fmt.Sprintf(templates, secret.mark("a template")))
	concealed := secret.mark("a concealed field")
	digest := sha256.Sum256([]byte(concealed))
	secret["what a template makes of a value"] = hex.EncodeToString(digest[:])
	f.Connect.AddItem("pitower", connect.Item{Title: "app", Fields: []connect.Field{
		connect.Text("user", secret.mark("a text field")), connect.Concealed("password", concealed),
		connect.Concealed("binary", secret.mark("a binary field")+"\x00"),
	}})
	f.Connect.AddFile("pitower", "app", "file.txt", []byte(secret.mark("a file")))
	f.Infisical.SetSecret("home-lab-iwi-y", "prod", "/", "TOKEN", secret.mark("a secret"))
	f.Infisical.SetSecret("home-lab-iwi-y", "prod", "/", "JSON", `{"inner":"`+secret.mark("a property")+`"}`)
	return secret
}

// use does what can be done with values, and writes what somebody was told who asked for none.
func use(t *testing.T, f *framework.Tenant, secret canaries, said *strings.Builder) {
	t.Helper()
	kubectl, namespace := f.Kubectl, f.Namespace
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
		stdout, stderr, err := kubectl.Do("", "get", "externalsecret", name, "--subresource=secret", "-o", "yaml")
		fmt.Fprintln(said, stderr)
		if what := works[name]; what != "" {
			require.NoError(t, err, stderr)
			require.GreaterOrEqual(t, find(secret[what], []byte(stdout)), 0, "%s has %s, and the search finds it", name, what)
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
