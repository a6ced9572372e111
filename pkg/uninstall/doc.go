// Package uninstall takes the server out of a cluster, and leaves the Secrets that it wrote.
//
// Secrets name ExternalSecrets as their owners. The cluster's garbage collector deletes a Secret whose owner it is told does not
// exist, and of a group whose APIService is deleted kube-apiserver says just that, by itself, until the collector notices half a
// minute later that the kind is gone. A kind of this name that comes back without these objects, be it by an empty store or by the
// CRDs of External Secrets Operator, says it as well. So owners have to go from the Secrets before the kind does; and before that
// the server, which would put them back.
//
//   - The workload is deleted, and its pods have ended. kube-apiserver answers 503 from here on, which the collector takes for no
//     answer.
//   - The owners are taken off. The collector looks at a Secret again before it deletes it, and finds that nobody owns it.
//   - The APIServices are deleted: namespaces can be deleted again.
//
// What an installation that follows finds is marked as an ExternalSecret's all the same, and it takes it up again. Each step
// does nothing where it has been done, so that an uninstallation that was interrupted can be begun anew.
package uninstall
