package source

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// However many owners come, want something else and go, nothing is held for them afterwards.
func TestNothingIsHeldForWhoIsGone(t *testing.T) {
	const owners = 2000
	parts := func(b *backend, _ *Config) { b.parts = true }
	run(t, parts, func(t *testing.T, f *fixture) {
		f.sources.Lead(true)
		for i := range owners {
			f.set(func() { f.vaults["a"][fmt.Sprint("item", i)] = 1 })
			f.src.Want(uid(i), "team", needs("a/absent", fmt.Sprint("a/item", i)))
			f.src.Want(uid(i), "team", needs("b/z", fmt.Sprint("a/item", i)))
		}
		for i := range owners {
			f.get(fmt.Sprint("a/item", i))
		}
		require.NotZero(t, f.src.parts)
		time.Sleep(time.Minute)
		for i := range owners {
			f.sources.Release(uid(i))
		}
		time.Sleep(time.Minute)

		f.src.mu.Lock()
		defer f.src.mu.Unlock()
		require.Empty(t, f.sources.owners)
		require.Empty(t, f.src.owners)
		require.Empty(t, f.src.wants)
		require.Empty(t, f.src.scopes)
		require.Empty(t, f.src.watched)
		require.Zero(t, f.src.parts)
		require.Zero(t, f.src.bytes)
		require.Zero(t, f.sources.bytes.Load())
	})
}
