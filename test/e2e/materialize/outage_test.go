package materialize

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

// Whatever a provider does, the last good Secret stays, and all heals by itself.
func TestSecretsOutliveTheirProvider(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]harness.Fault{
		"down":          {Kind: harness.Reset},
		"hanging":       {Kind: harness.Hang},
		"a proxy":       harness.HTML(502),
		"a login page":  harness.HTML(200),
		"empty":         harness.JSON(200, `[]`),
		"null":          harness.JSON(200, `null`),
		"unauthorized":  harness.JSON(401, `{"status":401,"message":"Invalid token signature"}`),
		"forbidden":     harness.JSON(403, `{"status":403,"message":"Authorization: token does not have access to vault"}`),
		"not found":     harness.JSON(404, `{"status":404,"message":"not found"}`),
		"rate limiting": harness.Throttled(time.Second, `{"status":429,"message":"slow down"}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.Kubectl.Apply(app("db", "  refreshInterval: 1s\n  target: {deletionPolicy: Delete}\n"))
			before := f.holds(t, "db", "password", framework.FirstPassword)
			f.Connect.Faults.Add(fault)
			time.Sleep(25 * time.Second) // longer than any evidence of absence takes to gather
			after, err := f.secret(t, "db")
			require.NoError(t, err)
			require.Equal(t, before.ResourceVersion, after.ResourceVersion, "it is not even touched")

			f.Connect.Faults.Clear()
			f.SetPassword("after")
			f.holds(t, "db", "password", "after")
			f.synced(t, "db")
		})
	}
}

func TestARestartRewritesNothing(t *testing.T) {
	f := newFixture(t)
	// Times in a status are in whole seconds. An item that changed in the second of a refresh may have changed after it, and
	// what was drawn at random for it is drawn again.
	time.Sleep(1100 * time.Millisecond)
	f.Kubectl.Apply(app("db", "") + "---" + app("random", "  target: {template: {data: {id: '{{ uuidv4 }}'}}}\n"))
	f.synced(t, "db")
	f.synced(t, "random")
	versions := func() string {
		var all string
		for _, name := range []string{"db", "random"} {
			secret, err := f.secret(t, name)
			require.NoError(t, err)
			all += secret.ResourceVersion + " "
		}
		return all
	}
	before := versions()
	env.Server.Kill(t)
	env.Server.Start(t)
	f.Kubectl.Apply(app("later", ""))
	f.synced(t, "later") // by then, the others have been looked at
	require.Equal(t, before, versions())
	f.SetPassword("changed")
	f.holds(t, "db", "password", "changed")
}

func TestTheHostRestarts(t *testing.T) {
	f := newFixture(t)
	f.Kubectl.Apply(app("db", ""))
	before := f.holds(t, "db", "password", framework.FirstPassword)
	require.NoError(t, env.ControlPlane.StopAPIServer())
	require.NoError(t, env.ControlPlane.StartAPIServer(t.Context()))
	framework.Eventually(t, "the API is served again", func(ctx context.Context) error {
		return env.ControlPlane.WaitForAPIService(ctx, "v1.external-secrets.io")
	})
	f.SetPassword("changed")
	after := f.holds(t, "db", "password", "changed")
	require.Equal(t, before.UID, after.UID)
	f.synced(t, "db")
}

func TestBadInputGetsACondition(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, c := range map[string]struct{ spec, message string }{
		"key":          {`{data: [{secretKey: a, remoteRef: {key: absent}}]}`, `key "absent"`},
		"property":     {`{data: [{secretKey: a, remoteRef: {key: my-app, property: absent}}]}`, "spec.data[0]"},
		"encoding":     {`{data: [{secretKey: a, remoteRef: {key: my-app, property: db_pass, decodingStrategy: Base64}}]}`, "spec.data[0]"},
		"template":     {`{dataFrom: [{extract: {key: my-app}}], target: {template: {data: {a: "{{ .absent }}"}}}}`, "spec.target.template.data"},
		"bomb":         {`{dataFrom: [{extract: {key: my-app}}], target: {template: {data: {a: "{{ range 300000000 }}{{ end }}"}}}}`, "spec.target.template.data[a], line 1: the template "},
		"collision":    {`{dataFrom: [{extract: {key: my-app}, rewrite: [{regexp: {source: ".*", target: k}}]}]}`, "spec.dataFrom[0]"},
		"store":        {`{secretStoreRef: {name: absent}, dataFrom: [{extract: {key: my-app}}]}`, "does not exist"},
		"templateFrom": {`{dataFrom: [{extract: {key: my-app}}], target: {template: {templateFrom: [{configMap: {name: absent, items: [{key: k}]}}]}}}`, "absent"},
	} {
		t.Run(name, func(t *testing.T) {
			object := fmt.Sprintf("bad-%s", map[bool]string{true: "from", false: name}[name == "templateFrom"])
			spec := c.spec
			if name != "store" {
				spec = "{secretStoreRef: {name: vault}, " + spec[1:]
			}
			f.Kubectl.Apply(fmt.Sprintf("apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: %s}\nspec: %s\n", object, spec))
			condition := f.ready(t, object, corev1.ConditionFalse, "SecretSyncedError")
			require.Contains(t, *condition.Message, c.message)
			require.NotContains(t, *condition.Message, "not-real", "no value is in it")
		})
	}
}
