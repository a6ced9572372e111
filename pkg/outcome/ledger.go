package outcome

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
)

// Entry is what was last done about an ExternalSecret.
type Entry struct {
	// Fingerprint of what the Secret was made from.
	Fingerprint resolve.Fingerprint
	// SecretUID and ResourceVersion are those of the Secret, or other target, that was written or found as it should be;
	// empty where there is none: one that could not be rendered or may not be written.
	SecretUID       types.UID
	ResourceVersion string
	// Revision is host.Revision's of that target.
	Revision string
	// Frozen is set where the Secret is immutable, as the ExternalSecret asks, and holds other data than Fingerprint's.
	Frozen bool
}

// Ledger remembers what was written, and what live reads last found. It is in memory alone: a restart reads the Secrets
// once. It is safe for concurrent use.
type Ledger struct {
	mu       sync.RWMutex
	written  map[types.UID]Entry
	hashes   map[types.UID]hashed
	observed map[types.UID]v1.LiveState
}

// hashed is the data hash that a fingerprint rendered to.
type hashed struct {
	fingerprint resolve.Fingerprint
	hash        string
}

// NewLedger makes an empty Ledger.
func NewLedger() *Ledger {
	return &Ledger{
		written:  map[types.UID]Entry{},
		hashes:   map[types.UID]hashed{},
		observed: map[types.UID]v1.LiveState{},
	}
}

// Record notes what was done about an ExternalSecret.
func (l *Ledger) Record(uid types.UID, entry Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.written[uid] = entry
}

// Entry is what was last recorded.
func (l *Ledger) Entry(uid types.UID) (Entry, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	entry, ok := l.written[uid]
	return entry, ok
}

// Forget drops all about an ExternalSecret that is gone.
func (l *Ledger) Forget(uid types.UID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.written, uid)
	delete(l.hashes, uid)
	delete(l.observed, uid)
}

// Reset drops what was written: another replica may write from now on.
func (l *Ledger) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.written)
}

// Observe notes what a live read found.
func (l *Ledger) Observe(uid types.UID, state v1.LiveState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.observed[uid] = state
}

// LastObserved is what a live read last found, empty for nothing.
func (l *Ledger) LastObserved(uid types.UID) v1.LiveState {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.observed[uid]
}

func (l *Ledger) hash(uid types.UID, fingerprint resolve.Fingerprint) (string, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	h, ok := l.hashes[uid]
	return h.hash, ok && h.fingerprint == fingerprint
}

func (l *Ledger) setHash(uid types.UID, fingerprint resolve.Fingerprint, hash string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hashes[uid] = hashed{fingerprint, hash}
}
