package outcome

import (
	"sync"
	"time"

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

// remembered is how long it is known that an ExternalSecret is gone: longer than a read that still saw it takes.
const remembered = time.Minute

// Ledger remembers what was written, and what live reads last found. It is in memory alone: a restart reads the Secrets
// once. It holds no values, and nothing of an ExternalSecret that is gone. It is safe for concurrent use.
type Ledger struct {
	mu      sync.RWMutex
	written map[types.UID]Entry
	read    map[types.UID]lastRead
	// gone are those that were forgotten of late, in the order of departures: a read that began before must not bring
	// them back.
	gone       map[types.UID]struct{}
	departures []departure
}

// lastRead is what a live read found, and what the next one needs not make again.
type lastRead struct {
	state v1.LiveState
	reading
}

type departure struct {
	uid types.UID
	at  time.Time
}

// NewLedger makes an empty Ledger.
func NewLedger() *Ledger {
	return &Ledger{
		written: map[types.UID]Entry{},
		read:    map[types.UID]lastRead{},
		gone:    map[types.UID]struct{}{},
	}
}

// Record notes what was done about an ExternalSecret.
func (l *Ledger) Record(uid types.UID, entry Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, isGone := l.gone[uid]; !isGone {
		l.written[uid] = entry
	}
}

// Entry is what was last recorded.
func (l *Ledger) Entry(uid types.UID) (Entry, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	entry, ok := l.written[uid]
	return entry, ok
}

// Forget drops all about an ExternalSecret that is gone.
func (l *Ledger) Forget(uid types.UID) { l.forget(uid, time.Now()) }

func (l *Ledger) forget(uid types.UID, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.written, uid)
	delete(l.read, uid)
	for len(l.departures) > 0 && now.Sub(l.departures[0].at) > remembered {
		delete(l.gone, l.departures[0].uid)
		l.departures = l.departures[1:]
	}
	if _, isGone := l.gone[uid]; !isGone {
		l.gone[uid] = struct{}{}
		l.departures = append(l.departures, departure{uid, now})
	}
}

// Reset drops what was written: another replica may write from now on.
func (l *Ledger) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.written)
}

// LastObserved is what a live read last found, empty for nothing.
func (l *Ledger) LastObserved(uid types.UID) v1.LiveState {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.read[uid].state
}

// reading is what the last live read made of an ExternalSecret, the zero reading for nothing.
func (l *Ledger) reading(uid types.UID) reading {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.read[uid].reading
}

// observe notes what a live read of a stored ExternalSecret found, and what it made.
func (l *Ledger) observe(uid types.UID, state v1.LiveState, made reading) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, isGone := l.gone[uid]; uid != "" && !isGone {
		l.read[uid] = lastRead{state, made}
	}
}
