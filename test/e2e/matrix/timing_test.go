package matrix

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// With --follow-changes=false a change waits for the refreshInterval, as with ESO: beside one whose interval is over again and
// again, one of a day stays as it was until it is edited.
func TestTimingOfESO(t *testing.T) {
	env.Server.Restart(t, "--follow-changes=false")
	f := newFixture(t)
	t.Run("at the interval", func(t *testing.T) {
		for _, creation := range []v1.CreationPolicy{v1.CreationOwner, v1.CreationOrphan, v1.CreationMerge, v1.CreationCreateOrMerge} {
			t.Run(string(creation), func(t *testing.T) {
				t.Parallel()
				f.waitsForTheInterval(t, creation)
			})
		}
	})
}

func (f *fixture) waitsForTheInterval(t *testing.T, creation v1.CreationPolicy) {
	name := strings.ToLower(string(creation))
	daily := &subject{
		fixture: f, name: name, witness: name + "-witness",
		row: row{creation: creation, refresh: v1.RefreshPolicyPeriodic, follows: edited},
	}
	f.addStore(t, name, daily.value())
	f.add(t, daily.witness, name, func(spec *v1.ExternalSecretSpec) {
		spec.RefreshInterval = ptr.To("2s")
		spec.Target.CreationPolicy = ptr.To(v1.CreationOrphan)
	})
	f.holds(t, daily.witness, daily.value())
	if creation == v1.CreationMerge {
		daily.foreign(t)
	}
	f.add(t, name, name, func(spec *v1.ExternalSecretSpec) {
		spec.RefreshInterval = ptr.To("24h")
		spec.Target.CreationPolicy = &creation
	})
	f.holds(t, name, daily.value())
	daily.followTheProvider(t)

	// A Secret that is gone is made again at once, but an Orphan: at the interval, which the witness's is.
	daily.drop(t, name)
	daily.repair(t)
	switch creation {
	case v1.CreationOrphan:
		require.Nil(t, daily.secret(t, name))
		daily.edit(t)
		f.holds(t, name, daily.value())
	case v1.CreationMerge:
		require.Nil(t, daily.secret(t, name))
	default:
		f.holds(t, name, daily.value())
	}
}
