package backup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
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
	// quota is reached by a dozen large objects. A small database doubles its file: with a bit more than a power of two it does so when
	// what is stored fills the quota, and not half-way.
	quota = 17 << 19
	large = 700 << 10
)

var refusedReport = regexp.MustCompile(`(?m)^apiserver_request_total\{code="507",[^}]*resource="externalsecrets"[^}]*subresource="status"[^}]*\} (\d+)$`)

// isFull tells whether an error is the one of a full store.
func isFull(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Code == http.StatusInsufficientStorage
}

// fill creates large objects until they alone fill the store, and returns their names. Where history is part of what fills it, the
// server makes room meanwhile.
func (f *tenant) fill(t *testing.T, name string) (stored []string) {
	t.Helper()
	logged := len(env.Server.Log(t))
	framework.Eventually(t, "the store is full", func(ctx context.Context) error {
		next := name + strconv.Itoa(len(stored))
		_, err := f.client(t).Create(ctx, sized(next, large), metav1.CreateOptions{})
		// etcd may store the very write that reaches the quota, and complain of it.
		if err == nil || apierrors.IsAlreadyExists(err) {
			stored = append(stored, next)
			return errors.New("there is room")
		}
		require.True(t, isFull(err), "%v", err)
		if !strings.Contains(env.Server.Log(t)[logged:], "full of what is stored") {
			return errors.New("room is made")
		}
		return nil
	})
	return stored
}

// stores waits until an object can be stored.
func (f *tenant) stores(t *testing.T, name string) {
	t.Helper()
	framework.Eventually(t, "there is room", func(ctx context.Context) error {
		_, err := f.client(t).Create(ctx, sized(name, 10), metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			return nil
		}
		if err != nil && !isFull(err) {
			require.NoError(t, err)
		}
		return err
	})
}

// A store that has reached its quota refuses what makes it larger and says why. All else goes on: reads, live ones too,
// Secrets that follow their provider, deletion; over a restart as well. It stores again when objects were deleted, by itself where
// history fills it, or when the quota was raised.
func TestSlow_AFullStore(t *testing.T) {
	env.Server.Restart(t, "--etcd-quota-bytes="+strconv.Itoa(quota))
	f := newTenant(t)
	f.Kubectl.Apply(elsewhere)
	f.App(t, "db")
	stored := f.fill(t, "large-")

	refused := f.Kubectl.Fails(strings.ReplaceAll(f.Stores(), "name: vault", "name: one-more"), "apply", "-f", "-")
	require.Contains(t, refused, "has reached its quota: nothing is stored until there is room again")
	metric(t, `external_secrets_etcd_db_full{member="embedded"}`, func(v float64) bool { return v == 1 })
	metric(t, `external_secrets_etcd_db_quota_bytes{member="embedded"}`, func(v float64) bool { return v == quota })
	metric(t, `external_secrets_etcd_db_in_use_bytes{member="embedded"}`, func(v float64) bool { return v > quota/10*9 })
	metric(t, `external_secrets_etcd_db_size_bytes{member="embedded"}`, func(v float64) bool { return v > quota/10*9 })
	f.readsAndFollows(t, "second")

	// The alarm outlives a restart, and the fence opens all the same.
	env.Server.Stop(t)
	env.Server.Start(t)
	refreshed := f.Stored(t, "db").Status.RefreshTime
	f.readsAndFollows(t, "third")

	for _, name := range stored {
		require.NoError(t, f.client(t).Delete(t.Context(), name, metav1.DeleteOptions{}), "what is full can be deleted from")
	}
	f.stores(t, "when-there-is-less")
	metric(t, `external_secrets_etcd_db_full{member="embedded"}`, func(v float64) bool { return v == 0 })
	framework.Eventually(t, "the status says when the Secret was written", func(context.Context) error {
		if now := f.Stored(t, "db").Status.RefreshTime; now.Equal(refreshed) {
			return fmt.Errorf("it says %s, as before", now)
		}
		return nil
	})

	f.rewriteUntilFull(t)
	f.stores(t, "without-history")

	f.fill(t, "more-")
	env.Server.Restart(t, "--etcd-quota-bytes="+strconv.Itoa(2*quota))
	f.stores(t, "with-a-larger-quota")
}

// readsAndFollows requires of a server whose store is full that it answers, and that a Secret follows its provider.
func (f *tenant) readsAndFollows(t *testing.T, password string) {
	t.Helper()
	code, _ := env.Server.Fetch(t, "/readyz")
	require.Equal(t, http.StatusOK, code)
	f.SetPassword(password)
	value := f.Kubectl.Run("get", "externalsecret", "db", "--subresource=secret", "-o", "jsonpath={.data.password}")
	require.NotEmpty(t, value)
	refused := reportsRefused(t)
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
	time.Sleep(3 * time.Second)
	again := reportsRefused(t) - refused
	require.Positive(t, again, "there is no room for the status")
	require.Less(t, again, 9, "the status is tried again after one, two, four seconds")
}

// reportsRefused counts the writes of a status for which there was no room.
func reportsRefused(t *testing.T) (count int) {
	t.Helper()
	_, text := env.Server.Fetch(t, "/metrics")
	for _, line := range refusedReport.FindAllSubmatch(text, -1) {
		n, err := strconv.Atoi(string(line[1]))
		require.NoError(t, err)
		count += n
	}
	return count
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
