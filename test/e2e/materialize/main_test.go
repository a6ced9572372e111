// Package materialize tests the Secrets that pods mount: when they are written, what keeps them, what they cost.
package materialize

import (
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

var env *framework.Environment

func TestMain(m *testing.M) { framework.Main(m, framework.Options{HostRestarts: true}, &env) }
