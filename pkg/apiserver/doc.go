// Package apiserver puts the server together: the API group over its storage, live reads, the materializer, and what starts
// and stops them in order. It makes nothing up: what a request gets is in pkg/registry, what is written in pkg/materializer.
//
// # From flags to a server
//
// Options (package options) have the flags and make a Config, Complete fills in what follows, New sets the server up, and Run
// serves until its context ends. That is the order of every API server of Kubernetes; what is this server's
// own travels in Extra beside the generic configuration.
//
// # The way of a request
//
// The outermost handlers are those of k8s.io/apiserver: request info, authentication, audit, priority and fairness,
// authorization. Both who somebody is and what they may do is asked of the host cluster (delegated authentication and
// authorization). Inside of that stand, in this order,
//
//	pushsecret.Handler   refuses kinds of External Secrets Operator that are not served
//	readmode.Handler     notes what was asked for: live or stored, and by which command of kubectl
//	fence.Handler        refuses requests for objects while the store is not known to be the cluster's
//	the API group        admission, then the storage of pkg/registry
//
// This process asks itself in two ways that pass through all of it: writes and single reads by a transport without a socket
// (self), watches of stores by the loopback connection. ExternalSecrets, of which there are many, are read from the Store itself
// (externalsecret.Feed).
//
// # What runs beside the API
//
// background owns it, in two tasks. One is what reads need too, and runs until the API has drained: the host's informers, the
// fence, the Sources, the serving certificate. The other is the materializer, which ends first, so that nothing is written while
// requests drain. Both wait at the fence where they use what is stored. None of it is started in New, and none outlives Run.
//
// # Health
//
// /livez tells of a process that has to be restarted, /readyz of one that cannot answer: storage, the host's caches, the stores'
// cache and the fence. Providers are no part of either.
package apiserver
