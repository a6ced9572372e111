// Package externalsecret serves ExternalSecrets: stored objects from etcd, live reads over them, and the subresources
// status, secret and refresh.
//
// NewStore makes the Store, which is Kubernetes' own over etcd with a strategy of this kind: validation, generation, what
// belongs to the status. REST wraps it and lays live status over what it returns from Get, List and dry runs. It never writes
// into the Store's objects, which the watch cache shares: overlay copies.
//
// Who writes a spec is asked about in the validation of a write (Authors): after admission, within the Store's own retry loop,
// with the object as it would be stored. Warnings about stores and keys come after the Store has accepted a write, since they
// may wait for a provider.
//
// A provider's failure is never one of these requests. The exception is SecretREST: where the values cannot be had, it has
// nothing to answer, and says so with a status of HTTP for each Reason (errors.go).
//
// RefreshREST and the materializer do not know each other: the request is recorded in the object's status, and the answer is
// awaited by a watch. So it works from every replica.
package externalsecret
