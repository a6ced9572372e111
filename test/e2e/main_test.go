// Package e2e tests external-secrets.io/v1 as people and programs use it: through
// kubectl and client-go, a real kube-apiserver and its aggregation.
package e2e

import (
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

var env *framework.Environment

func TestMain(m *testing.M) { framework.Main(m, framework.Options{}, &env) }
