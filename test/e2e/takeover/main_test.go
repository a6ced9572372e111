// Package takeover tests a server that is as strict with authors as it can be: it asks them for their right to the Secrets
// that their ExternalSecrets take over and to the stores that these take from, and limits where their stores may be.
package takeover

import (
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

var env *framework.Environment

func TestMain(m *testing.M) {
	framework.Main(m, framework.Options{ServerArgs: []string{
		"--authorize-takeover", "--require-store-use", "--allowed-provider-hosts=connect.example.com,127.0.0.0/8",
	}}, &env)
}
