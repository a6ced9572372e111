// Package namespaces tests a server that may look into, and write in, some namespaces alone.
package namespaces

import (
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// The namespaces that the server is installed for. There is no such namespace as later, which it is told of as well: that
// neither keeps it from starting nor from serving the others.
const (
	teamA = "team-a"
	teamB = "team-b"
	teamC = "team-c"
	later = "later"
)

var env *framework.Environment

func TestMain(m *testing.M) {
	framework.Main(m, framework.Options{
		Namespaces: []string{teamA, teamB, teamC},
		ServerArgs: []string{"--watch-namespaces=" + later},
	}, &env)
}
