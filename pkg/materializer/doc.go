// Package materializer writes the Secrets that pods mount, and says in status, conditions and events what became of each
// ExternalSecret and each store.
//
// One replica does so at a time: the leader. All that a leader knows beyond the Ledger lives in a term, which ends with its
// leadership. Watches put names into the term's queue, with what may be up with them; workers find out what is to be done
// and do it. A worker never waits for a provider: it has the Sources told what it needs, and parks the ExternalSecret until
// they have it.
//
// An ExternalSecret is looked at again when it changes, when a refresh of it falls due or is asked for, when one of its
// stores, their credentials or its templates change, when a Source sees something new, and when its Secret is touched by
// somebody else. Where the inputs are those that its Secret was made from, and the Secret is as it was left, nothing is
// read, rendered or written.
package materializer
