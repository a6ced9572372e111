// Package moving goes from External Secrets Operator to this server and back, by the commands of docs/operations/operate.md, next to
// the real garbage collector.
package moving

import (
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

var env *framework.Environment

func TestMain(m *testing.M) { framework.Main(m, framework.Options{}, &env) }
