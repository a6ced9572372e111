package source

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// identity is what makes a Source another one: how the store connects, with what, and how often it tries. The credential enters by a MAC
// under a key of this process, so that nothing that outlives it in memory or in a dump can be tried against a guess.
type identity struct {
	spec, material [sha256.Size]byte
	retry          retry
}

type identityKey [sha256.Size]byte

func newIdentityKey() identityKey {
	var key identityKey
	// crypto/rand ends the process where the system has no randomness; it does not return an error.
	_, _ = rand.Read(key[:])
	return key
}

// of is the identity of a store. The spec of before, nil for none, is not encoded again: one is looked for at every look at an
// ExternalSecret.
func (key identityKey) of(store Store, material provider.Material, before *Source) (identity, error) {
	id := identity{retry: retryOf(store.Retry)}
	if before != nil && before.spec.Load() == store.Provider {
		id.spec = before.id.spec
	} else {
		spec, err := json.Marshal(store.Provider)
		if err != nil {
			return identity{}, fmt.Errorf("encoding spec.provider: %w", err)
		}
		id.spec = sha256.Sum256(spec)
	}
	mac := hmac.New(sha256.New, key[:])
	write := func(b []byte) {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(b)))
		mac.Write(length[:])
		mac.Write(b)
	}
	for _, purpose := range slices.Sorted(maps.Keys(material)) {
		write([]byte(purpose))
		write(material[purpose].Bytes())
	}
	mac.Sum(id.material[:0])
	return id, nil
}
