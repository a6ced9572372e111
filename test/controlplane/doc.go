// Package controlplane runs a real Kubernetes control plane on loopback for
// tests, demonstrations and benchmarks: etcd, kube-apiserver and
// kube-controller-manager, without nodes, containers or privileges.
//
// The binaries are built from Go modules by [Binaries], once per version, and
// kept in a cache outside the work tree. The module files that name what is
// built lie in hack/controlplane/kubernetes-<minor>, so that this module does
// not itself require k8s.io/kubernetes.
//
// [Start] makes fresh certificates and data below one directory and returns when
// the control plane can be used; [ControlPlane.Stop] ends every process that
// Start began. On Linux the processes also end when the program that started
// them is killed. Linux and macOS are supported.
package controlplane
