package fence

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDecide(t *testing.T) {
	store := Identity{ID: "ours", Revision: 100}
	nothing, something := Dependants{}, Dependants{Count: 3, Example: "Secret team/db"}
	for name, c := range map[string]struct {
		recorded *Identity
		lacking  Dependants
		want     finding
	}{
		"a new installation":                 {nil, nothing, unrecorded},
		"a record that was lost as well":     {nil, something, bereft},
		"a restart":                          {&Identity{"ours", 100}, nothing, agrees},
		"a change that was not yet recorded": {&Identity{"ours", 93}, nothing, agrees},
		"a Secret that is being collected":   {&Identity{"ours", 100}, something, agrees},
		"an older copy":                      {&Identity{"ours", 101}, nothing, older},
		"another store":                      {&Identity{"other", 1}, nothing, foreign},
		"another store, further on":          {&Identity{"other", 1000}, something, foreign},
		"a record of nothing":                {&Identity{}, nothing, foreign},
	} {
		t.Run(name, func(t *testing.T) {
			got := decide(store, c.recorded, c.lacking)
			require.Equal(t, c.want, got)
			if got == agrees || got == unrecorded {
				return
			}
			message := explain(got, store, c.recorded, c.lacking)
			require.Contains(t, message, "--accept-store="+acceptance(store, c.recorded)+" ")
			require.Less(t, len(message), 1024, "an Event holds it")
			require.True(t, ValidAcceptance(acceptance(store, c.recorded)))
		})
	}
}

// An acceptance is of one disagreement: left on the command line it does not settle the next.
func TestAcceptanceIsOfOneDisagreement(t *testing.T) {
	store := Identity{ID: "ours", Revision: 100}
	accepted := acceptance(store, &Identity{"other", 50})
	for name, other := range map[string]string{
		"another new store":         acceptance(Identity{ID: "theirs", Revision: 100}, &Identity{"other", 50}),
		"an older copy, later on":   acceptance(store, &Identity{"ours", 120}),
		"the record lost, later on": acceptance(store, nil),
	} {
		require.NotEqual(t, accepted, other, name)
	}
	for _, value := range []string{"", "true", "ours", "ours@", "@1", "ours@-1", "ours@x"} {
		require.False(t, ValidAcceptance(value), value)
	}
}
