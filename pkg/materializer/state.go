package materializer

import (
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

// state is what a term knows of one ExternalSecret. The queue hands an ExternalSecret to one worker at a time, and that
// worker alone touches its state, but for the atomic fields.
type state struct {
	uid types.UID
	// fresh is set until it was looked at once.
	fresh bool
	// written is the ExternalSecret as this term last wrote its status, until the informer shows it.
	written atomic.Pointer[v1.ExternalSecret]
	// pending is what may be up with it and was not looked into yet.
	pending hints
	// occasion is what was last taken as a reason for a refresh: one reason makes one.
	occasion occasion
	// refresh is the one that is not done, nil for none.
	refresh *refresh
	// dueAt is when the refreshInterval is over, zero for never; dueTaken is the one that was last taken up.
	dueAt, dueTaken time.Time
	// left is the target as this term left it.
	left target
	// trouble counts failures in a row; nothing is tried again before retryAt unless something changes.
	trouble backoff
	retryAt time.Time
	// repairs paces those of the target; one is put off until repairAt.
	repairs  repairs
	repairAt time.Time
	// last is what was last found out, where seen is set; lastFailed tells whether something was wrong with it.
	last       verdict
	seen       bool
	lastFailed atomic.Bool
	// unreported is set while a write of the Secret is not in the status yet.
	unreported bool
	// unwritten is set where it was told that the status could not be written.
	unwritten bool
	// missing are the entries that were last told of as gone.
	missing []string
}

// occasion is one reason for a refresh. It is comparable.
type occasion struct {
	cause cause
	hash  string
	at    int64
}

// wish says which values are wanted, and how soon.
type wish struct {
	// notBefore is when revalidations may have begun at the earliest; zero where any picture will do.
	notBefore time.Time
	// firm is the same for what ends in a failure: what an older picture lacks may have come since. Zero where notBefore is
	// enough.
	firm    time.Time
	urgency source.Urgency
	class   class
	// since is when it was first wished for.
	since time.Time
	// asked is set where somebody waits for what comes of it.
	asked bool
	// renews is set for a refresh, after which values that time alone changes are those of now. Without it, whether anything
	// else changed is looked at.
	renews bool
}

// refresh is a wish that is not fulfilled.
type refresh struct {
	wish
	trace  traced
	parked *parked
	// confirming is set while a provider is asked, beside the workers, whether keys are gone; confirmed is what came of it.
	confirming atomic.Bool
	confirmed  atomic.Pointer[confirmed]
}

// confirmed is an outcome that says which keys are gone, and how new it was to be.
type confirmed struct {
	notBefore time.Time
	outcome   *outcome.Outcome
}

// parked is an ExternalSecret whose scopes have not answered yet.
type parked struct {
	stage    atomic.Int32
	deadline time.Time
}

// The stages of parked.
const (
	asking int32 = iota
	waiting
	answered
)

// want adds a wish to what is wished for already.
func (st *state) want(w wish) {
	st.retryAt = time.Time{}
	if st.refresh == nil {
		st.refresh = &refresh{wish: w}
		return
	}
	r := st.refresh
	r.notBefore, r.firm = latest(r.notBefore, w.notBefore), latest(r.firm, w.firm)
	r.urgency, r.class, r.asked, r.renews = min(r.urgency, w.urgency), min(r.class, w.class), r.asked || w.asked, r.renews || w.renews
	r.parked = nil
}

// insist has a wish that older pictures did not fulfil tried with new ones. It returns false where they were new enough.
func (r *refresh) insist() bool {
	if !r.notBefore.Before(r.firm) {
		return false
	}
	r.notBefore, r.parked = r.firm, nil
	return true
}

// tryAgain has an unfulfilled wish tried at once.
func (st *state) tryAgain() {
	st.retryAt, st.refresh.parked = time.Time{}, nil
}

// waits tells whether a wish has to wait for an answer or for its next try.
func (st *state) waits(now time.Time) bool {
	p := st.refresh.parked
	if st.refresh.confirmed.Load() != nil {
		return false
	}
	if p != nil && p.stage.Load() != answered && now.Before(p.deadline) {
		return true
	}
	return p == nil && now.Before(st.retryAt)
}

// newest is the newer of the ExternalSecret as the informer shows it and as it was last written. shown is as the informer
// showed it before.
func (t *term) newest(shown *v1.ExternalSecret, st *state) *v1.ExternalSecret {
	// What was written is let go of once the informer shows it: first the one, then the other.
	written := st.written.Load()
	if now, err := t.externalSecrets.Lister().ExternalSecrets(shown.Namespace).Get(shown.Name); err == nil && now.UID == shown.UID {
		shown = now
	}
	if written == nil || isShown(written, shown) {
		return shown
	}
	return written
}

// isShown tells whether the informer shows what was written, or something newer.
func isShown(written, shown *v1.ExternalSecret) bool {
	order, err := resourceversion.CompareResourceVersion(shown.ResourceVersion, written.ResourceVersion)
	return err != nil || order >= 0
}

// show lets go of what was written once the informer shows it: it would be a second copy.
func (st *state) show(es *v1.ExternalSecret) {
	if written := st.written.Load(); written != nil && isShown(written, es) {
		st.written.CompareAndSwap(written, nil)
	}
}

// as tells whether the target is as it was left. The watch may still show it from before that.
func (l target) as(meta host.Metadata, exists bool) bool {
	if !l.exists || !exists {
		return l.exists == exists
	}
	if meta.UID != l.uid {
		return false
	}
	if l.revision != "" && l.revision == meta.Revision {
		return true
	}
	order, err := resourceversion.CompareResourceVersion(meta.ResourceVersion, l.version)
	return err == nil && order <= 0
}

// states holds the states of a term.
type states struct {
	mu   sync.Mutex
	all  map[types.NamespacedName]*state
	keys map[types.UID]types.NamespacedName
}

// of gives the state of an ExternalSecret, and the UID of one of the name that was before it.
func (s *states) of(key types.NamespacedName, uid types.UID) (st *state, before types.UID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st = s.all[key]
	if st != nil && st.uid == uid {
		return st, ""
	}
	if st != nil {
		before = st.uid
		delete(s.keys, before)
	}
	st = &state{uid: uid, fresh: true, pending: stirred | touched}
	s.all[key], s.keys[uid] = st, key
	return st, before
}

// drop forgets a state and returns it, nil for none.
func (s *states) drop(key types.NamespacedName) *state {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.all[key]
	if st != nil {
		delete(s.keys, st.uid)
	}
	delete(s.all, key)
	return st
}

// show tells what the informer shows.
func (s *states) show(es *v1.ExternalSecret) {
	s.mu.Lock()
	st := s.all[keyOf(es)]
	s.mu.Unlock()
	if st != nil && st.uid == es.UID {
		st.show(es)
	}
}

// keyOf names the ExternalSecret that has a UID, as the owner of what it needs.
func (s *states) keyOf(uid types.UID) (types.NamespacedName, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, ok := s.keys[uid]
	return key, ok
}

func (s *states) failing(key types.NamespacedName) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.all[key]
	return st != nil && st.lastFailed.Load()
}
