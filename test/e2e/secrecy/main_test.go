// Package secrecy looks for secret values where none may be: in etcd, its log and its snapshots, in logs at every verbosity, in
// audit records, events, conditions, warnings, metrics, traces and error texts.
package secrecy

import (
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

var env *framework.Environment

// ofHost is the host's audit policy: all that it can record, but for what holds values wherever it is.
const ofHost = `
apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- {level: Metadata, resources: [{group: "", resources: [secrets, serviceaccounts/token]}, {group: authentication.k8s.io, resources: [tokenreviews]}]}
- {level: RequestResponse}
`

func TestMain(m *testing.M) {
	framework.Main(m, framework.Options{ControlPlane: controlplane.Options{AuditPolicy: []byte(ofHost)}}, &env)
}
