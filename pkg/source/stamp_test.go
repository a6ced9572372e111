package source

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// Equal stamps mean equal answers, and what showed nothing new keeps its stamp.
func TestStamps(t *testing.T) {
	parts := func(b *backend, _ *Config) { b.parts = true }
	run(t, parts, func(t *testing.T, f *fixture) {
		x, y := f.get("a/x").Stamp, f.get("a/y").Stamp
		require.NotZero(t, x)
		require.NotEqual(t, x, y, "they rest on different parts")
		time.Sleep(time.Second)
		require.Equal(t, x, f.get("a/x").Stamp, "revalidated, and nothing is new")
		require.Equal(t, x, f.getFrom(time.Time{}, "a/x").Stamp, "as it is held")
		require.Equal(t, x, f.src.Held(needs("a/x")).Result(need("a/x")).Stamp)

		f.set(func() { f.vaults["a"]["x"] = 2 })
		time.Sleep(time.Second)
		changed := f.get("a/x").Stamp
		require.NotZero(t, changed)
		require.NotEqual(t, x, changed)
		require.Zero(t, f.get("a/absent").Stamp)

		replaced, err := f.sources.Get(theStore, token("two"))
		require.NoError(t, err)
		f.src = replaced
		require.NotEqual(t, changed, f.get("a/x").Stamp, "seen with another credential")

		f.set(func() {
			f.fail = func(Operation, string) error { return provider.Errorf(provider.Forbidden, "no") }
		})
		time.Sleep(time.Second)
		require.Zero(t, f.get("a/x").Stamp)
	})
}
