package materializer

import (
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// What comes of each look is told, by kind, and how many workers there are.
func TestResultsOfLooks(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*v1.ExternalSecret)
		want   Result
	}{
		"has its time":       {func(*v1.ExternalSecret) {}, RequeueAfter},
		"asks for nothing":   {func(es *v1.ExternalSecret) { es.Spec.RefreshPolicy = ptr.To(v1.RefreshPolicyCreatedOnce) }, Success},
		"is not as intended": {func(es *v1.ExternalSecret) { es.Spec.Data[0].RemoteRef.Key = "absent" }, Failed},
	} {
		t.Run(name, func(t *testing.T) {
			told := &results{last: map[string]Result{}, working: map[string]int{}, workers: map[string]int{}}
			bubble(t, func(t *testing.T, f *fixture) {
				f.add(c.change)
				after(5 * time.Second)
				require.Empty(t, f.m.Queued()["first"])
				told.mu.Lock()
				defer told.mu.Unlock()
				require.Equal(t, map[string]Result{v1.ExternalSecretKind: c.want, v1.SecretStoreKind: RequeueAfter}, told.last)
				require.Equal(t, map[string]int{v1.ExternalSecretKind: 16, v1.SecretStoreKind: storeWorkers, v1.ClusterSecretStoreKind: storeWorkers}, told.workers)
				for working := range maps.Values(told.working) {
					require.Zero(t, working, "all are done")
				}
			}, func(c *Config) { c.Metrics = told })
		})
	}
}

// results keeps the last result of each kind.
type results struct {
	noMetrics
	mu      sync.Mutex
	last    map[string]Result
	working map[string]int
	workers map[string]int
}

func (r *results) Workers(kind string, workers int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.workers[kind] = workers
}

func (r *results) Working(kind string) func(Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.working[kind]++
	return func(result Result) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.working[kind]--
		r.last[kind] = result
	}
}
