// Package generic tests targets that are no Secrets, against a server that runs with --unsafe-allow-generic-targets.
package generic

import (
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

var env *framework.Environment

func TestMain(m *testing.M) {
	framework.Main(m, framework.Options{ServerArgs: []string{"--unsafe-allow-generic-targets"}}, &env)
}
