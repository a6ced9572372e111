package backup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

const (
	// quota holds what the tests of this package store, and is reached by some tens of large objects.
	quota = 6 << 20
	large = 200 << 10
)

// isFull tells whether an error is the one of a full store.
func isFull(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Code == http.StatusInsufficientStorage
}

// fill creates large objects until the store refuses. How many it took is the number of the one that was refused.
func (f *tenant) fill(t *testing.T) (stored int) {
	t.Helper()
	for ; stored < 100; stored++ {
		_, err := f.client(t).Create(t.Context(), sized("large-"+strconv.Itoa(stored), large), metav1.CreateOptions{})
		if err != nil {
			require.True(t, isFull(err), "%v", err)
			return stored
		}
	}
	require.Fail(t, "there is no quota")
	return 0
}

// stores waits until an object can be stored.
func (f *tenant) stores(t *testing.T, name string) {
	t.Helper()
	framework.Eventually(t, "there is room", func(ctx context.Context) error {
		_, err := f.client(t).Create(ctx, sized(name, 10), metav1.CreateOptions{})
		if err != nil && !isFull(err) {
			require.NoError(t, err)
		}
		return err
	})
}

// A store that has reached its quota refuses what makes it larger and says why. All else goes on: reads, live ones too,
// Secrets that follow their provider, deletion; over a restart as well. It stores again when objects were deleted, when the
// quota was raised, or, where history fills it, by itself.
func TestAFullStore(t *testing.T) {
	env.Server.Restart(t, "--etcd-quota-bytes="+strconv.Itoa(quota))
	f := newTenant(t)
	f.app(t, "db")
	stored := f.fill(t)

	refused := f.Kubectl.Fails(`{apiVersion: external-secrets.io/v1, kind: SecretStore, metadata: {name: one-more}, spec: {provider: {onepassword:
		{connectHost: "http://localhost", vaults: {a: 1}, auth: {secretRef: {connectTokenSecretRef: {name: a, key: a}}}}}}}`, "apply", "-f", "-")
	require.Contains(t, refused, "has reached its quota: nothing is stored until there is room again")
	metric(t, `external_secrets_etcd_db_full{member="embedded"}`, func(v float64) bool { return v == 1 })
	metric(t, `external_secrets_etcd_db_quota_bytes{member="embedded"}`, func(v float64) bool { return v == quota })
	metric(t, `external_secrets_etcd_db_size_bytes{member="embedded"}`, func(v float64) bool { return v > quota/10*8 })
	f.readsAndFollows(t, "second")
	require.Contains(t, env.Server.Log(t), "etcd's database has reached its quota")

	// A restart changes nothing, and the fence opens.
	env.Server.Restart(t, "--etcd-quota-bytes="+strconv.Itoa(quota))
	f.readsAndFollows(t, "third")

	env.Server.Restart(t, "--etcd-quota-bytes="+strconv.Itoa(2*quota))
	f.stores(t, "with-a-larger-quota")
	framework.Eventually(t, "the status is written", func(context.Context) error {
		if ready := f.Stored(t, "db").Status.SyncedResourceVersion; ready == nil {
			return errors.New("it has none")
		}
		return nil
	})

	env.Server.Restart(t, "--etcd-quota-bytes="+strconv.Itoa(quota))
	require.Zero(t, f.fillBy(t, "more"))
	for n := range stored {
		require.NoError(t, f.client(t).Delete(t.Context(), "large-"+strconv.Itoa(n), metav1.DeleteOptions{}), "what is full can be deleted from")
	}
	f.stores(t, "when-there-is-less")
	metric(t, `external_secrets_etcd_db_full{member="embedded"}`, func(v float64) bool { return v == 0 })

	f.rewriteUntilFull(t)
	f.stores(t, "without-history")
}

// fillBy is fill by objects of another name.
func (f *tenant) fillBy(t *testing.T, name string) int {
	t.Helper()
	_, err := f.client(t).Create(t.Context(), sized(name, large), metav1.CreateOptions{})
	require.True(t, isFull(err), "%v", err)
	return 0
}

// readsAndFollows requires of a server whose store is full that it answers, and that a Secret follows its provider.
func (f *tenant) readsAndFollows(t *testing.T, password string) {
	t.Helper()
	code, _ := env.Server.Fetch(t, "/readyz")
	require.Equal(t, http.StatusOK, code)
	f.SetPassword(password)
	value := f.Kubectl.Run("get", "externalsecret", "db", "--subresource=secret", "-o", "jsonpath={.data.password}")
	require.NotEmpty(t, value)
	logged := len(env.Server.Log(t))
	framework.Eventually(t, "the Secret has the new password", func(ctx context.Context) error {
		found, err := f.secret(ctx, t, "db")
		if err == nil && string(found.Data["password"]) != password {
			err = fmt.Errorf("it has %q", found.Data["password"])
		}
		return err
	})
	framework.Eventually(t, "a live read knows that it is in sync", func(ctx context.Context) error {
		found, err := f.client(t).Get(ctx, "db", metav1.GetOptions{})
		if err == nil && (found.Status.Live == nil || found.Status.Live.State != v1.LiveInSync) {
			err = fmt.Errorf("it says %+v", found.Status.Live)
		}
		return err
	})
	list, err := f.client(t).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	require.NotEmpty(t, list.Items)
	// Four attempts at a status that cannot be written make fifteen seconds.
	time.Sleep(5 * time.Second)
	require.Less(t, strings.Count(env.Server.Log(t)[logged:], "the status was not written"), 8, "it is not tried again and again")
}

// rewriteUntilFull fills the store with the history of one object.
func (f *tenant) rewriteUntilFull(t *testing.T) {
	t.Helper()
	client := f.client(t)
	es, err := client.Create(t.Context(), sized("rewritten", large), metav1.CreateOptions{})
	require.NoError(t, err)
	for n := range 200 {
		es.Spec.Target.Template.Data["literal"] = strings.Repeat(string(rune('a'+n%26)), large)
		next, err := client.Update(t.Context(), es, metav1.UpdateOptions{})
		if err != nil {
			require.True(t, isFull(err), "%v", err)
			return
		}
		es = next
	}
	require.Fail(t, "there is no quota")
}
