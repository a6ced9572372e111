// Package snapshot saves the store to files, says what is in them, and makes a store of one again.
//
// A file is etcd's own: its database at one revision, followed by the SHA-256 of it, as etcdctl saves it and etcdutl reads it.
// It holds what etcd holds and nothing that it does not: no values of secrets, and of a store that is encrypted at rest no
// specs in clear.
package snapshot
