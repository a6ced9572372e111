// Package node plays the one node of a control plane that has none, as far as an installation of this server needs it.
//
// As kubelet it runs what the containers of pods say: this repository's server, whatever the image, with the arguments and the
// environment of the container, with its volumes, with a token of the pod's service account. It asks the startup and readiness
// probes at their intervals, and ends a pod by a signal and, after the grace period, by force. It asks no liveness probes, and runs
// no hooks of the container's life.
//
// As kube-proxy it leads connections from kube-apiserver to a Service's ready pods, by the EndpointSlices that
// kube-controller-manager makes. kube-apiserver hands them over by way of its egress selector. Each pod listens on an address of
// its own in 127.9.0.0/16, which its status has as 10.9.0.0/16, since EndpointSlices take no loopback addresses. Linux alone
// serves all of these.
package node
