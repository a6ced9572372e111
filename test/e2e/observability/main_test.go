// Package observability has a real Prometheus scrape the server, with the rights that an installation gives it, and asks
// it everything that the dashboard shows and the alerts watch.
package observability

import (
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

var env *framework.Environment

// The budget is of the simulators' host: more than they are asked, so that there are series of it and nothing else.
func TestMain(m *testing.M) {
	framework.Main(m, framework.Options{ServerArgs: []string{"--provider-rate=127.0.0.1=100000", "--poll-interval=2s"}}, &env)
}
