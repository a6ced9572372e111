package fence

import (
	"fmt"
	"strconv"
	"strings"
)

// Identity is what tells a store from another, and from itself at another time.
type Identity struct {
	// ID was drawn when the store was new.
	ID string
	// Revision is etcd's: it grows with each change.
	Revision int64
}

// Dependants is what in the cluster depends on ExternalSecrets that the store lacks.
type Dependants struct {
	// Count is how many ExternalSecrets are missing.
	Count int
	// Example is an object that belongs to one of them, as "Secret team/db".
	Example string
}

// finding is what comes of holding a store against the record.
type finding int

const (
	// agrees: the record is of this store, and of now or before.
	agrees finding = iota
	// unrecorded: there is no record, and nothing in the cluster depends on what the store lacks. The installation is new.
	unrecorded
	// foreign: the record is of another store; this one is new, or another installation's.
	foreign
	// older: the record is of a later state of this store.
	older
	// bereft: there is no record, and Secrets depend on ExternalSecrets that the store lacks.
	bereft
)

// decide holds a store against the record, nil for none. A record that is behind the store is as it should be: it is written
// some seconds after a change. What lacking says matters only where there is no record: a record that agrees says that this
// is the store by which the cluster has been collecting garbage all the time.
func decide(store Identity, recorded *Identity, lacking Dependants) finding {
	switch {
	case recorded == nil && lacking.Count > 0:
		return bereft
	case recorded == nil:
		return unrecorded
	case recorded.ID != store.ID:
		return foreign
	case recorded.Revision > store.Revision:
		return older
	default:
		return agrees
	}
}

// acceptance is the value of --accept-store that settles a disagreement, and no other one: it names the store and the revision
// that was recorded. A flag that is left on the command line does not accept the next store that gets lost.
func acceptance(store Identity, recorded *Identity) string {
	var revision int64
	if recorded != nil {
		revision = recorded.Revision
	}
	return store.ID + "@" + strconv.FormatInt(revision, 10)
}

// ValidAcceptance tells whether a value of --accept-store has the form that messages give it.
func ValidAcceptance(value string) bool {
	id, revision, found := strings.Cut(value, "@")
	_, err := strconv.ParseUint(revision, 10, 63)
	return found && id != "" && err == nil
}

// explain says what was found and what to do. It is for the person who has to decide.
func explain(found finding, store Identity, recorded *Identity, lacking Dependants) string {
	var what string
	switch found {
	case foreign:
		what = fmt.Sprintf("this server's store (id %s) is not the one that the cluster has on record (id %s): it is new, restored, or another installation's",
			store.ID, recorded.ID)
	case older:
		what = fmt.Sprintf("this server's store is at revision %d, and the cluster has revision %d of it on record: it is an older copy",
			store.Revision, recorded.Revision)
	case bereft:
		what = fmt.Sprintf("the cluster has no store on record, and %d ExternalSecrets that own objects in it (%s, for one) are not in this server's store",
			lacking.Count, lacking.Example)
	}
	return what + ". Requests are refused and nothing is written: the cluster's garbage collector would delete every Secret whose " +
		"ExternalSecret is missing. Bring the store back, or take the owner references off the Secrets, and then restart with --accept-store=" +
		acceptance(store, recorded) + " (docs/operations/fence.md)"
}
