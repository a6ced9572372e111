// Package servingcert keeps the certificate that the server is known by to kube-apiserver: it makes it, shares it between
// replicas, renews it, and has kube-apiserver trust it before it is shown.
//
// One Secret holds everything, so that replicas agree without talking to each other: the leaf that is served, the key of
// the authority that signs leaves, and the authorities that are trusted. What the Secret holds may be served at any time;
// this is the rule that all steps keep:
//
//   - A leaf is renewed under its authority when a third of its life is left. kube-apiserver trusts the authority already.
//   - An authority is succeeded when a leaf of whole length no longer fits into what is left of it. The successor is first
//     announced: it stands in the Secret and in caBundle of the APIServices, and signs nothing. Leaves are of the successor
//     only when each APIService has been seen with it for a while, in which every kube-apiserver comes to know it.
//   - An authority is trusted until it ends. As no leaf ends later than its authority, whatever replica still shows a
//     leaf of it, however long it was cut off, is trusted until the leaf itself is not valid any more.
//
// A Secret that was deleted or damaged is made anew from what the replica serves. The key of the authority is lost with it,
// and so a successor is announced at once.
//
// Any replica does all of this. An election would add a second thing to agree about: the resourceVersion of the Secret
// lets one of two updates through, and the other replica reads what the first one wrote.
package servingcert
