package connect

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// editor is the account that lastEditedBy names.
const editor = "SIMULATEDEDITORAAAAAAAAAAA"

var idPattern = regexp.MustCompile(`^[\da-z]{26}$`)

// NewID returns a random id of 26 lower-case letters and digits.
func NewID() string { return strings.ToLower(rand.Text()) }

// world is all data as one side sees it: 1Password.com, or Connect's copy.
// Its vault rows and items are never changed, only replaced.
type world struct {
	vaults []*vault
	byID   map[string]*vault
	// known holds the ids of all vaults that ever were: a token may name one
	// that was deleted since.
	known map[string]bool
}

type vault struct {
	id          string
	name        string
	description string
	kind        string
	attributes  int
	content     int
	createdAt   time.Time
	updatedAt   time.Time

	order []string
	items map[string]*record
}

// record is an item and what it was before its last edit.
type record struct {
	item   *Item
	before *Item
}

// change is one edit at 1Password.com on its way to Connect.
type change struct {
	due   time.Time
	apply func(*world)
}

func newWorld() *world {
	return &world{byID: map[string]*vault{}, known: map[string]bool{}}
}

// commit applies a change to the cloud, and to Connect's copy when it is due.
// The caller holds the lock.
func (s *Server) commit(apply func(*world)) {
	now := s.clock()
	s.advance(now)
	apply(s.cloud)
	if s.behaviour.Lag <= 0 && len(s.pending) == 0 {
		apply(s.synced)
		return
	}
	due := now.Add(s.behaviour.Lag)
	if s.behaviour.Lag == UntilSync {
		due = time.Time{}
	}
	s.pending = append(s.pending, change{due: due, apply: apply})
}

// advance brings Connect's copy up to date. A change without a due time waits
// for Sync, and all that follow it wait with it. The caller holds the lock.
func (s *Server) advance(now time.Time) {
	for len(s.pending) > 0 {
		next := s.pending[0]
		if next.due.IsZero() || next.due.After(now) {
			return
		}
		next.apply(s.synced)
		s.pending = s.pending[1:]
	}
}

// Sync makes every change seen at once, whatever the lag.
func (s *Server) Sync() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, next := range s.pending {
		next.apply(s.synced)
	}
	s.pending = nil
}

// find returns the vault with the given id or name; it panics when there is
// none, since that is a mistake in a test.
func (w *world) find(idOrName string) *vault {
	if v := w.byID[idOrName]; v != nil {
		return v
	}
	for _, v := range w.vaults {
		if v.name == idOrName {
			return v
		}
	}
	panic(fmt.Sprintf("no simulated vault %q", idOrName))
}

// find returns the item with the given id, or the first one with the given
// title; it panics when there is none.
func (v *vault) find(idOrTitle string) *record {
	if r := v.items[idOrTitle]; r != nil {
		return r
	}
	for _, id := range v.order {
		if v.items[id].item.Title == idOrTitle {
			return v.items[id]
		}
	}
	panic(fmt.Sprintf("no simulated item %q in vault %q", idOrTitle, v.name))
}

// active returns the number of items that are not archived.
func (v *vault) active() int {
	n := 0
	for _, r := range v.items {
		if r.item.State == "" {
			n++
		}
	}
	return n
}

// touch records an edit of the vault's content.
func (v *vault) touch(at time.Time) {
	v.content++
	v.updatedAt = at
}
