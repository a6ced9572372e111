package materializer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/pulse"
)

func TestAWorkerThatIsStuckIsNoticed(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		stuck := make(chan struct{})
		f.host.do(func() { f.host.stuck = stuck })
		f.add()
		after(pulse.Limit)
		require.NoError(t, f.pulse.Check())
		after(time.Minute)
		require.ErrorContains(t, f.pulse.Check(), "the writing of ExternalSecret team/db has been stuck since")
		close(stuck)
		after(time.Second)
		require.NoError(t, f.pulse.Check())
		require.Equal(t, both, f.host.data("db"))
	})
}

// TestAProviderMakesNothingLookStuck has one that does not even hear that its answer is not waited for any more.
func TestAProviderMakesNothingLookStuck(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		deaf := make(chan struct{})
		f.add()
		after(time.Second)
		f.vault.do(func() { f.vault.deaf = deaf })
		f.add(func(es *v1.ExternalSecret) { es.Name = "new" })
		for range 3 {
			after(pulse.Limit / 2)
			require.NoError(t, f.pulse.Check())
		}
		close(deaf)
	})
}

func TestAHostThatDoesNotAnswerMakesNothingLookStuck(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.do(func() { f.noLeases = true })
		f.add()
		for range 3 {
			after(pulse.Limit / 2)
			require.NoError(t, f.pulse.Check())
		}
	}, electing("one"))
}
