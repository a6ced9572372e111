// Package live tests what only this server does: reads that are answered from the provider, now.
package live

import (
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

var env *framework.Environment

func TestMain(m *testing.M) { framework.Main(m, framework.Options{}, &env) }
