// Package scale counts what many ExternalSecrets cost: requests to providers, and writes to the host and to the server's
// own etcd. It asserts counts and never times; test/benchmark measures those.
package scale

import (
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

var env *framework.Environment

func TestMain(m *testing.M) {
	framework.Main(m, framework.Options{
		// It compares every object in every cache all the time, which takes longer than anything else here.
		ServerEnv: []string{"KUBE_CACHE_MUTATION_DETECTOR=false"},
	}, &env)
}
