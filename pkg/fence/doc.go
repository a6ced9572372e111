// Package fence keeps a server whose store is not the one that the cluster knows from answering.
//
// The Secrets that this server writes name ExternalSecrets as their owners, and the cluster's garbage collector deletes a
// Secret whose owner it is told does not exist. A store that was lost, that belongs to another installation, or that was put
// back to an earlier state lacks ExternalSecrets whose Secrets pods are using: the first answers from it would be an outage of
// all of them. A refusal (503) on the other hand makes the collector ask again later, for as long as it takes.
//
// So the cluster keeps a record of the store: its id, and the revision that it had reached. The fence is closed from the
// start of the process until the record was read and agrees. While it is closed nobody is told what the store holds, this
// process's own watches included, and nothing is written. Once it is open it stays so, and the record follows the store.
//
// decide compares, and does no I/O. Fence asks for what it compares and opens (Etcd the store, ConfigMap the record), a keeper has
// the record follow, Handler and Check are what requests and probes see of it. docs/operations/fence.md is for the person who
// gets its message.
package fence
