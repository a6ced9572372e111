// Package framework is what end-to-end tests stand on: a real control plane, in
// it the RBAC of artifacts/deploy, and this repository's server, running as its
// own service account and registered through an APIService. The server is built
// with the race detector where the tests are.
//
// A package of tests starts one Environment for all of its tests:
//
//	var env *framework.Environment
//
//	func TestMain(m *testing.M) { framework.Main(m, framework.Options{}, &env) }
//
// A test takes a namespace of its own ([Environment.Namespace]), acts through
// [Environment.Kubectl], [Environment.Clientset] and their like, and waits with
// [Eventually]. Such tests may run in parallel. A test that restarts the server
// ([Server.Restart], [Server.Kill]) must not: it runs before those that do.
//
// With -short the tests of such a package do not run. The environment variable
// E2E_DIR names a folder that keeps the logs and data of the run, E2E_SERVER a
// server that was built before. The run fails when the server logged a data race,
// a panic, or that it was forbidden something.
package framework
