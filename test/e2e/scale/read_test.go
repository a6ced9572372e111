package scale

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/fleet"
)

// A hundred readers of one vault share two revalidations: the one that was under way when they came, whose answer is held
// back until they all have, and the next.
func TestAHundredReaders(t *testing.T) {
	vault, _ := both(t)
	const readers = 100
	for range 5 {
		vault.afterPoll(t)
		gate := vault.Provider.Harness().Hold("", 0)
		var answered atomic.Int64
		done := make(chan error, 1)
		go func() {
			done <- fleet.Each(t.Context(), readers, vault.Members()[:readers], func(ctx context.Context, m fleet.Member) error {
				defer answered.Add(1)
				return isLive(ctx, vault, m)
			})
		}()
		arrived := awaitReaders(t, readers, &answered)
		gate.Release()
		require.NoError(t, <-done)
		requests := vault.requests()
		if !arrived {
			continue // The machine was too slow to have them all wait at the same time.
		}
		require.LessOrEqual(t, total(requests), 2, requests)
		require.NotZero(t, total(requests), "somebody asked")
		return
	}
	require.Fail(t, "a hundred readers never came together before the first one's deadline")
}

// inFlight is the metric of requests that a server is answering.
var inFlight = regexp.MustCompile(`(?m)^apiserver_current_inflight_requests\{request_kind="readOnly"\} (\d+)`)

// awaitReaders waits until so many requests are being answered or have been, and gives up well before a provider's
// deadline.
func awaitReaders(t *testing.T, readers int, answered *atomic.Int64) bool {
	t.Helper()
	client, err := kubernetes.NewForConfig(env.Server.Config(t, "reader", "system:masters"))
	require.NoError(t, err)
	err = wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, 3*time.Second, true, func(ctx context.Context) (bool, error) {
		metrics, err := client.RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
		if err != nil {
			return false, err
		}
		match := inFlight.FindSubmatch(metrics)
		if match == nil {
			return false, nil
		}
		n, err := strconv.Atoi(string(match[1]))
		return n+int(answered.Load()) >= readers, err
	})
	return err == nil
}

// isLive reads an ExternalSecret and checks that the answer shows what the provider does.
func isLive(ctx context.Context, c *crowd, m fleet.Member) error {
	live, err := liveOf(ctx, c, m)
	if err == nil && live.State != v1.LiveInSync {
		err = fmt.Errorf("%s is %s: %s", m.Name, live.State, live.Message)
	}
	return err
}

func liveOf(ctx context.Context, c *crowd, m fleet.Member) (v1.LiveStatus, error) {
	es, err := c.Client.ExternalSecretsV1().ExternalSecrets(m.Namespace).Get(ctx, m.Name, metav1.GetOptions{})
	if err != nil {
		return v1.LiveStatus{}, err
	}
	if es.Status.Live == nil {
		return v1.LiveStatus{}, fmt.Errorf("the read of %s is not live", m.Name)
	}
	return *es.Status.Live, nil
}

// A live LIST asks each vault and folder at most once, however many rows it has. There are two thousand: five thousand, as
// test/benchmark has them, would take most of the time that tests may take under the race detector.
func TestAListAsksEachScopeOnce(t *testing.T) {
	vault, folder := both(t)
	vault.afterPoll(t)
	// Then all pictures are too old for a LIST, or will be polled soon.
	time.Sleep(6 * time.Second)
	vault.requests()
	folder.requests()
	list := vault.Client.ExternalSecretsV1().RESTClient().Get().Resource("externalsecrets")
	answer, err := list.DoRaw(t.Context())
	require.NoError(t, err)
	fromVault, fromFolder := vault.requests(), folder.requests()
	require.LessOrEqual(t, total(fromVault), 1, fromVault)
	require.LessOrEqual(t, total(fromFolder), 2, "%v: a poll may have fallen into this time", fromFolder)
	require.GreaterOrEqual(t, bytes.Count(answer, []byte(`"state":"InSync"`)), 2*size.Secrets, "every row is live")
}
