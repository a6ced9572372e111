// Package replicas runs three servers on an etcd of three members, and takes away one or the other under load.
package replicas

import (
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

const count = 3

var env *framework.Environment

func TestMain(m *testing.M) {
	framework.Main(m, framework.Options{
		ManagedCertificate: true,
		Replicas:           count,
		// Two workers are slow enough to be met in the middle of their work.
		ServerArgs: []string{"--shutdown-delay-duration=2s", "--poll-interval=1s", "--concurrent=2"},
	}, &env)
}
