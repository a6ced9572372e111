// Package encryption has the server write its store with a key, and takes the key away.
package encryption

import (
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

var env *framework.Environment

func TestMain(m *testing.M) { framework.Main(m, framework.Options{}, &env) }
