// Package certificate runs the server without a certificate: it makes one, has kube-apiserver trust it, and renews it. The
// lives of certificates are so short here that all of them end several times over.
package certificate

import (
	"testing"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

const (
	leafLife      = 20 * time.Second
	authorityLife = 3 * leafLife
)

var env *framework.Environment

func TestMain(m *testing.M) {
	framework.Main(m, framework.Options{
		ManagedCertificate: true,
		ServerArgs:         []string{"--serving-cert-lifetime=" + leafLife.String(), "--serving-ca-lifetime=" + authorityLife.String()},
	}, &env)
}
