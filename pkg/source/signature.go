package source

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"maps"
	"slices"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// signature stands for what the pictures of its scopes make of a need: the parts that it takes, its answer, or why there is
// none. It is a MAC under a key of this process. Parts go by their names, which say all of their content: that one was
// loaded meanwhile is no change.
type signature [sha256.Size]byte

// signer makes signatures. It is not safe for concurrent use.
type signer struct{ mac hash.Hash }

func (key identityKey) signer() signer { return signer{hmac.New(sha256.New, key[:])} }

// What a signature is of.
const (
	signedParts = iota
	signedAnswer
	signedError
)

func (s signer) sign(answer provider.Answer, missing []provider.WantedPart, err error) (signed signature) {
	s.mac.Reset()
	switch {
	case err != nil:
		s.number(signedError)
		s.text(string(provider.ReasonOf(err)))
	case len(missing) > 0:
		s.number(signedParts)
		for _, m := range missing {
			s.text(m.Scope.Name)
			s.text(string(m.ID))
		}
	default:
		s.answer(answer)
	}
	s.mac.Sum(signed[:0])
	return signed
}

// answer signs what a Secret is made of. A value that time alone changes is not: what it is computed from stands for it.
func (s signer) answer(a provider.Answer) {
	s.number(signedAnswer)
	s.text(a.Version)
	if !a.Updated.IsZero() {
		s.number(uint64(a.Updated.UnixNano()))
	}
	s.bytes(a.Origin.Bytes())
	if a.Origin.Len() == 0 {
		s.bytes(a.Value.Bytes())
	}
	s.number(uint64(len(a.Map)))
	for _, name := range slices.Sorted(maps.Keys(a.Map)) {
		s.text(name)
		s.bytes(a.Map[name].Bytes())
	}
}

func (s signer) number(n uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	s.mac.Write(b[:])
}

// bytes and text sign content with its length, so that no two lists are the same bytes.
func (s signer) bytes(b []byte) {
	s.number(uint64(len(b)))
	s.mac.Write(b)
}

func (s signer) text(text string) { s.bytes([]byte(text)) }
