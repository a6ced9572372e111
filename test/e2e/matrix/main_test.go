// Package matrix tests how creationPolicy and refreshPolicy work together, cell by cell of the table that External Secrets
// Operator documents.
package matrix

import (
	"flag"
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

var env *framework.Environment

func TestMain(m *testing.M) {
	flag.Parse()
	// Rows wait much more than they work: all of them run at the same time.
	if err := flag.Set("test.parallel", "64"); err != nil {
		panic(err)
	}
	framework.Main(m, framework.Options{ServerArgs: []string{"--poll-interval=1s"}}, &env)
}
