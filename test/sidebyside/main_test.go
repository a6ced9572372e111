// Package sidebyside runs the same requests against this server and against a
// CustomResourceDefinition of the same schema in the same cluster, and compares
// the answers. What differs is on purpose, and listed in differences_test.go.
package sidebyside

import (
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

const (
	ourGroup  = "external-secrets.io"
	twinGroup = "twin.example.com"
)

var env *framework.Environment

func TestMain(m *testing.M) { framework.Main(m, framework.Options{}, &env) }
