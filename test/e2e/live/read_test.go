package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

const unwritten = "  target: {creationPolicy: None}\n"

func TestTheNextReadSeesAChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(manifest("app", unwritten))
	before := f.live(t, "app")
	require.Equal(t, v1.LiveVirtual, before.State)
	require.Len(t, before.Sources, 1)
	require.Equal(t, "my-app", before.Sources[0].Key)
	require.Equal(t, v1.LiveStoreRef{Kind: "SecretStore", Name: "vault"}, before.Sources[0].StoreRef)

	for i := range 3 {
		want := fmt.Sprintf("changed-%d", i)
		f.Connect.SetField("pitower", "my-app", "db_pass", want)
		require.Equal(t, want, f.value(t, "app", "db_pass"))
	}
	after := f.live(t, "app")
	require.NotEqual(t, before.Sources[0].Version, after.Sources[0].Version)

	f.Kubectl.Apply(manifest("folder", unwritten+"  # one key of Infisical\n") + `
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: token}
spec:
  secretStoreRef: {name: folder}
  target: {creationPolicy: None}
  data: [{secretKey: token, remoteRef: {key: /cert-manager/CLOUDFLARE_API_TOKEN}}]
`)
	f.Infisical.SetSecret("home-lab-iwi-y", "prod", "/cert-manager", "CLOUDFLARE_API_TOKEN", "changed")
	require.Equal(t, "changed", f.value(t, "token", "token"))
}

func TestAReadChangesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	// Once it is ready, the materializer has no more to say about it, whatever changes.
	f.Kubectl.Apply(manifest("app", unwritten+`  refreshInterval: "0"`+"\n"))
	f.Kubectl.Run("wait", "--for=condition=Ready", "externalsecret/app", "--timeout=60s")
	// From here on nobody else writes to it.
	f.Kubectl.Run("wait", "--for=condition=Ready", "externalsecret/app", "--timeout=60s")
	client := env.Clientset(t).ExternalSecretsV1().ExternalSecrets(f.Namespace)
	first, err := client.Get(t.Context(), "app", metav1.GetOptions{})
	require.NoError(t, err)
	require.NotNil(t, first.Status.Live)
	_, err = client.List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)

	// A patch builds on the object as it is cached: what a list laid over it must not be in there.
	patched, err := client.Patch(t.Context(), "app", types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	require.Nil(t, patched.Status.Live)
	require.Nil(t, f.Stored(t, "app").Status.Live)

	// Nor does it come back with an object that was read and sent as it is.
	again, err := client.Get(t.Context(), "app", metav1.GetOptions{})
	require.NoError(t, err)
	require.NotNil(t, again.Status.Live)
	sent, err := client.Update(t.Context(), again, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.Nil(t, sent.Status.Live)
	sent.Status.Live = again.Status.Live
	sent, err = client.UpdateStatus(t.Context(), sent, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.Nil(t, sent.Status.Live)
	for _, entry := range sent.ManagedFields {
		require.NotContains(t, entry.FieldsV1.GetRawString(), "f:live")
	}
}

func TestStoredReadsAskNobody(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(manifest("app", unwritten))
	require.Equal(t, v1.LiveVirtual, f.live(t, "app").State)
	client := env.Clientset(t).ExternalSecretsV1().ExternalSecrets(f.Namespace)

	// The leader polls what is wanted; the Infisical store is wanted by nobody.
	f.Kubectl.Apply(`
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: quiet}
spec:
  secretStoreRef: {name: folder}
  refreshInterval: "0"
  target: {creationPolicy: None}
  data: [{secretKey: token, remoteRef: {key: SMTP_HOST}}]
`)
	f.eventuallyState(t, "quiet", v1.LiveVirtual)
	asked := func() int { return f.Infisical.Requests.Total() }
	before := asked()
	for _, version := range []string{"0", f.Stored(t, "quiet").ResourceVersion} {
		es, err := client.Get(t.Context(), "quiet", metav1.GetOptions{ResourceVersion: version})
		require.NoError(t, err)
		require.Nil(t, es.Status.Live)
	}
	list, err := client.List(t.Context(), metav1.ListOptions{ResourceVersion: "0"})
	require.NoError(t, err)
	require.Nil(t, list.Items[0].Status.Live)
	f.Kubectl.Run("annotate", "externalsecret", "quiet", "a=b")
	f.Kubectl.Run("get", "--raw", fmt.Sprintf("/apis/external-secrets.io/v1/namespaces/%s/externalsecrets/quiet/status", f.Namespace))
	require.LessOrEqual(t, asked()-before, 2, "at most the polls that fell into this time")
}

func TestProviderOutage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(manifest("app", unwritten))
	require.Equal(t, v1.LiveVirtual, f.live(t, "app").State)

	f.Connect.Faults.Add(harness.Fault{Kind: harness.Hang})
	f.Kubectl.Apply(manifest("app", unwritten)) // unchanged: nothing waits
	live := f.live(t, "app")
	require.Equal(t, v1.LiveUnavailable, live.State)
	require.NotNil(t, live.ObservedTime, "it says since when")
	require.Equal(t, live, f.live(t, "app"), "two answers about the same facts are equal")
	// A list may be answered from a picture that is a few seconds old: it follows.
	framework.Eventually(t, "the list says so", func(context.Context) error {
		if list := f.Kubectl.Run("get", "externalsecrets"); !strings.Contains(list, "Unavailable") {
			return errors.New(list)
		}
		return nil
	})

	message := f.Kubectl.Fails("", "get", "externalsecret", "app", "--subresource=secret")
	for _, part := range []string{"ServiceUnavailable", "Unavailable", `"vault"`, `"my-app"`} {
		require.Contains(t, message, part)
	}
	f.Connect.Faults.Clear()
	f.eventuallyState(t, "app", v1.LiveVirtual)
}

// A hundred applies of unchanged objects do not wait a hundred times for a provider that hangs.
func TestAppliesDoNotWaitForAHangingProvider(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var all string
	for i := range 100 {
		all += "---\n" + manifest(fmt.Sprintf("app-%d", i), unwritten)
	}
	f.Connect.Faults.Add(harness.Fault{Kind: harness.Hang})
	f.Kubectl.Apply(all)
	started := time.Now()
	f.Kubectl.Apply(all)
	f.Kubectl.Run("get", "externalsecrets")
	t.Logf("a hundred unchanged objects and a list took %s", time.Since(started).Round(time.Millisecond))
	require.LessOrEqual(t, f.Connect.Requests.Total(), 100, "nor does each of them ask")
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	warnings := func(name, spec string) string {
		_, stderr, err := f.Kubectl.Do(fmt.Sprintf("apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: %s}\nspec: %s\n", name, spec), "apply", "-f", "-")
		require.NoError(t, err, stderr)
		return stderr
	}
	require.Empty(t, warnings("fine", `{secretStoreRef: {name: vault}, target: {creationPolicy: None}, dataFrom: [{extract: {key: my-app}}]}`))
	got := warnings("no-store", `{secretStoreRef: {name: absent}, target: {creationPolicy: None}, dataFrom: [{extract: {key: my-app}}]}`)
	require.Contains(t, got, `Warning: spec.dataFrom[0].extract (SecretStore "absent", key "my-app")`)
	require.Contains(t, got, "does not exist")
	got = warnings("no-key", `{secretStoreRef: {name: vault}, target: {creationPolicy: None}, dataFrom: [{extract: {key: absent}}]}`)
	require.Contains(t, got, `key "absent"`)

	// A key that was made for this very object is seen, however young the picture is.
	f.Connect.AddItem("pitower", connect.Item{Title: "new", Fields: []connect.Field{connect.Concealed("password", "x")}})
	require.Empty(t, warnings("new", `{secretStoreRef: {name: vault}, target: {creationPolicy: None}, dataFrom: [{extract: {key: new}}]}`))
}

func TestKeysOfAStore(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	require.Regexp(t, `my-app\s+pitower\s+\d+`, f.Kubectl.Run("get", "secretstore", "vault", "--subresource=keys"))
	var keys v1.SecretStoreKeys
	require.NoError(t, json.Unmarshal([]byte(f.Kubectl.Run("get", "secretstore", "folder", "--subresource=keys", "-o", "json")), &keys))
	names := map[string]bool{}
	for _, k := range keys.Keys {
		names[k.Key] = true
	}
	require.True(t, names["SMTP_HOST"], names)
	require.True(t, names["/cert-manager/CLOUDFLARE_API_TOKEN"], names)
}

func TestErrorsOfASecretSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	client := env.Clientset(t).ExternalSecretsV1().RESTClient()
	for name, c := range map[string]struct {
		data string
		is   func(error) bool
		part string
	}{
		"key":      {`[{secretKey: a, remoteRef: {key: absent}}]`, apierrors.IsNotFound, `"absent"`},
		"store":    {`[{secretKey: a, remoteRef: {key: x}, sourceRef: {storeRef: {name: nowhere}}}]`, apierrors.IsNotFound, "does not exist"},
		"property": {`[{secretKey: a, remoteRef: {key: my-app, property: absent}}]`, apierrors.IsInvalid, "spec.data[0]"},
		"encoding": {`[{secretKey: a, remoteRef: {key: my-app, property: db_pass, decodingStrategy: Base64}}]`, apierrors.IsInvalid, "spec.data[0]"},
	} {
		f.Kubectl.Apply(fmt.Sprintf("apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: bad-%s}\nspec: {secretStoreRef: {name: vault}, target: {creationPolicy: None}, data: %s}\n", name, c.data))
		err := client.Get().Namespace(f.Namespace).Resource("externalsecrets").Name("bad-" + name).SubResource("secret").Do(t.Context()).Error()
		require.Truef(t, c.is(err), "%s: %v", name, err)
		require.ErrorContains(t, err, c.part)
		require.NotContains(t, err.Error(), "not-real", "no value is in it")
	}
}

func TestLaterPagesAreLikeTheFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 3 {
		f.Kubectl.Apply(manifest(fmt.Sprintf("app-%d", i), unwritten))
	}
	client := env.Clientset(t).ExternalSecretsV1().ExternalSecrets(f.Namespace)
	page := metav1.ListOptions{Limit: 1}
	for range 3 {
		list, err := client.List(t.Context(), page)
		require.NoError(t, err)
		require.Len(t, list.Items, 1)
		require.NotNil(t, list.Items[0].Status.Live)
		page.Continue = list.Continue
	}
	require.Empty(t, page.Continue)
	framework.Eventually(t, "informers are served", func(ctx context.Context) error {
		list, err := client.List(ctx, metav1.ListOptions{ResourceVersion: "0", Limit: 1})
		if err != nil {
			return err
		}
		if len(list.Items) == 0 || list.Items[0].Status.Live != nil {
			return fmt.Errorf("a stored list has a live status")
		}
		return nil
	})
}
