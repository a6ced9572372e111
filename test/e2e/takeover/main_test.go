// Package takeover tests a server that asks authors for their right to the Secrets that their ExternalSecrets take over.
package takeover

import (
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

var env *framework.Environment

func TestMain(m *testing.M) {
	framework.Main(m, framework.Options{ServerArgs: []string{"--authorize-takeover"}}, &env)
}
