package materializer

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// However many ExternalSecrets come, change and go, nothing is held of them afterwards.
func TestNothingIsHeldOfWhatIsGone(t *testing.T) {
	const rounds, each = 6, 50
	counted := &countedMetrics{objects: map[string]bool{}}
	bubble(t, func(t *testing.T, f *fixture) {
		client := f.api.ExternalSecretsV1().ExternalSecrets("team")
		for round := range rounds {
			var names []string
			for i := range each {
				name := fmt.Sprintf("es-%d-%d", round, i)
				names = append(names, name)
				f.add(func(es *v1.ExternalSecret) {
					es.Name = name
					if i%3 == 0 {
						es.Spec.Data[0].RemoteRef.Key = "absent"
					}
				})
			}
			after(time.Second)
			f.vault.set("password", fmt.Sprint("of round ", round))
			after(poll + quietTime)
			for _, name := range names {
				require.NoError(t, client.Delete(context.Background(), name, metav1.DeleteOptions{}))
				f.host.drop(name)
			}
			after(time.Second)
		}
		after(5 * poll)
		asked := f.vault.count("revalidate")
		after(5 * poll)
		require.Equal(t, asked, f.vault.count("revalidate"), "nobody wants anything polled")

		term := f.m.term.Load()
		require.Empty(t, term.states.all)
		require.Empty(t, term.schedule.entries)
		require.Empty(t, term.queue.hints)
		require.Empty(t, term.queue.order.asked)
		require.Empty(t, term.queue.order.queued)
		for _, lane := range term.queue.order.lanes {
			require.Empty(t, lane.waiting)
			require.Empty(t, lane.turns)
		}
		require.Empty(t, counted.objects)
	}, func(c *Config) { c.Metrics = counted })
}

// countedMetrics knows which objects have series.
type countedMetrics struct {
	noMetrics
	mu      sync.Mutex
	objects map[string]bool
}

func (m *countedMetrics) ExternalSecretSynced(_, name string, _ bool, _ time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects[name] = true
}

func (m *countedMetrics) ExternalSecretCondition(_, name string, _ corev1.ConditionStatus) {
	m.ExternalSecretSynced("", name, false, 0)
}

func (m *countedMetrics) ForgetExternalSecret(_, name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, name)
}
