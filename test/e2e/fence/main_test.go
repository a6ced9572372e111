// Package fence loses the store of the server in all the ways there are, next to the real garbage collector.
package fence

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// whoAsked is an audit policy that records requests with their answers' codes.
const whoAsked = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules: [{level: Metadata}]
`

var (
	env      *framework.Environment
	auditLog string
)

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "fence-")
	policy := filepath.Join(dir, "policy.yaml")
	if err == nil {
		err = os.WriteFile(policy, []byte(whoAsked), 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	auditLog = filepath.Join(dir, "audit.log")
	// The process ends with the run, and leaves the folder to the system.
	framework.Main(m, framework.Options{
		ServerArgs:   []string{"--audit-policy-file=" + policy, "--audit-log-path=" + auditLog},
		HostRestarts: true,
	}, &env)
}
