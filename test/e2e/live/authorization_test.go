package live

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// role lets a user do what rules say in the test's namespace.
func (f *fixture) role(user, rules string) {
	f.Kubectl.Apply(fmt.Sprintf(`
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: %[1]s}
rules: %[2]s
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: %[1]s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: %[1]s}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: %[1]s}]
`, user, rules))
}

const (
	readObjects = `{apiGroups: [external-secrets.io], resources: [externalsecrets], verbs: [get, list, watch, create, update, patch]}`
	readValues  = `{apiGroups: [external-secrets.io], resources: [externalsecrets/secret], verbs: [get]}`
	readSecrets = `{apiGroups: [""], resources: [secrets], verbs: [get]}`
)

func TestWhoMayReadValues(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(manifest("app", "  target: {name: written, creationPolicy: None}\n"))
	f.role("objects", "["+readObjects+"]")
	f.role("half", "["+readObjects+","+readValues+"]")
	f.role("other", "["+readObjects+","+readValues+`,{apiGroups: [""], resources: [secrets], resourceNames: [app], verbs: [get]}]`)
	f.role("all", "["+readObjects+","+readValues+","+readSecrets+"]")
	values := []string{"get", "externalsecret", "app", "--subresource=secret", "-o", "yaml"}

	require.Contains(t, f.Kubectl.As("objects").Fails("", values...), `cannot get resource "externalsecrets/secret"`)
	refused := f.Kubectl.As("half").Fails("", values...)
	for _, part := range []string{`secrets "written" is forbidden`, `user "half"`, `cannot get resource "secrets"`, f.Namespace} {
		require.Contains(t, refused, part)
	}
	require.Contains(t, f.Kubectl.As("other").Fails("", values...), `secrets "written" is forbidden`, "the right to another Secret is none to this one")
	require.Contains(t, f.Kubectl.As("all").Run(values...), "db_pass:")

	// All see which keys there are, at which versions, and none sees more of it in the object.
	for _, user := range []string{"objects", "half", "all"} {
		object := f.Kubectl.As(user).Run("get", "externalsecret", "app", "-o", "yaml")
		require.Contains(t, object, "state: Virtual")
		require.NotContains(t, object, "db_pass")
		require.NotContains(t, object, "not-real")
	}
}

// A spec chooses what happens to values. Who may write specs and not read Secrets learns nothing from a dry run: its
// answer is the same whatever the values are.
func TestDryRunsTellNothingOfValues(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.role("author", "["+readObjects+"]")
	f.role("reader", "["+readObjects+","+readValues+","+readSecrets+"]")

	// Each spec fails for one of two values of the item's password.
	specs := map[string]string{
		"a value in an error":   `target: {template: {data: {a: '{{ if hasPrefix "x" .password }}{{ fail .password }}{{ end }}'}}}`,
		"a value as a key name": `target: {template: {templateFrom: [{literal: '{{ .password }}: {{ if hasPrefix "x" .password }}[1]{{ end }}'}]}}`,
		"a branch":              `target: {template: {data: {a: '{{ if hasPrefix "x" .password }}{{ fail "no" }}{{ end }}'}}}`,
		"an encoding":           `data: [{secretKey: a, remoteRef: {key: my-app, property: password, decodingStrategy: Base64}}]`,
		"a merge":               `dataFrom: [{find: {name: {regexp: ^password$}}, rewrite: [{merge: {}}]}]`,
	}
	answers := map[string][2]string{}
	for i, password := range []string{"x-not-base64!", `{"a":1}`} {
		f.Connect.SetField("pitower", "my-app", "password", password)
		for name, spec := range specs {
			if !strings.Contains(spec, "data: [") && !strings.Contains(spec, "dataFrom") {
				spec += "\n  dataFrom: [{extract: {key: my-app}}]"
			}
			object := fmt.Sprintf("apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: probe}\nspec:\n  secretStoreRef: {name: vault}\n  %s\n", spec)
			stdout, stderr, err := f.Kubectl.As("author").Do(object, "create", "--dry-run=server", "-o", "json", "-f", "-")
			require.NoError(t, err, stderr)
			require.NotContains(t, stdout+stderr, password)
			live := liveOf(t, stdout)
			pair := answers[name]
			pair[i] = fmt.Sprintf("%+v %s", live, stderr)
			answers[name] = pair
		}
	}
	for name, pair := range answers {
		require.Equal(t, pair[0], pair[1], name)
	}

	// Whoever may read the values is told what is wrong with the template, by place and class.
	f.Connect.SetField("pitower", "my-app", "password", "x-canary")
	object := manifest("probe", "  target: {template: {data: {a: '{{ fail .password }}'}}}\n")
	live := liveOf(t, f.Kubectl.As("reader").Input(object, "create", "--dry-run=server", "-o", "json", "-f", "-"))
	require.Equal(t, v1.LiveInvalid, live.State)
	require.Contains(t, live.Message, "spec.target.template.data")
	require.NotContains(t, live.Message, "x-canary", "and not by its text")
}
