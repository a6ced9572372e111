package chart

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// reader asks for ExternalSecrets through kube-apiserver all the time.
type reader struct {
	cancel  context.CancelFunc
	running sync.WaitGroup

	answered int
	// failures are the reasons of what failed, and how often; outage is the longest time without an answer.
	failures map[string]int
	outage   time.Duration
}

// pace is between two requests: an outage of a second is seen by twenty.
const pace = 50 * time.Millisecond

// startReader starts a reader that tries a request again as often as that, where the answer says when (Retry-After).
func startReader(t *testing.T, retries int) *reader {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &reader{cancel: cancel, failures: map[string]int{}}
	client := env.Clientset(t).ExternalSecretsV1().RESTClient()
	r.running.Go(func() {
		for last := time.Now(); ctx.Err() == nil; {
			err := client.Get().MaxRetries(retries).Resource("externalsecrets").Param("resourceVersion", "0").Do(ctx).Error()
			switch {
			case ctx.Err() != nil:
			case err != nil:
				r.failures[fmt.Sprintf("%s: %v", apierrors.ReasonForError(err), err)]++
			default:
				r.outage = max(r.outage, time.Since(last))
				r.answered, last = r.answered+1, time.Now()
			}
			select {
			case <-time.After(pace):
			case <-ctx.Done():
			}
		}
	})
	t.Cleanup(r.stop)
	return r
}

func (r *reader) stop() {
	r.cancel()
	r.running.Wait()
}
