// Package secrecy looks for secret values where none may be: in etcd and its log, in logs at every verbosity, in audit
// records, events, conditions, warnings, metrics and error texts.
package secrecy

import (
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

var env *framework.Environment

func TestMain(m *testing.M) { framework.Main(m, framework.Options{}, &env) }
