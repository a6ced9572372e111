package controlplane

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"

	"k8s.io/client-go/kubernetes"
)

const gadgetDiscovery = `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"gadgets.example.com/v1","resources":[
	{"name":"gadgets","singularName":"gadget","namespaced":true,"kind":"Gadget","verbs":["get"]}]}`

// testAggregation registers the smallest aggregated server that there is: it
// trusts the front proxy alone and tells who asks.
func testAggregation(t *testing.T, cp *ControlPlane, _ kubernetes.Interface) {
	ctx := t.Context()
	cert, key, ca, err := cp.ServingCert("gadgets.factory.svc", "localhost")
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Value
	server := frontProxiedServer(t, cp, cert, key, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/apis/gadgets.example.com/v1/namespaces/default/gadgets/one" {
			asked.Store(r.Header.Get("X-Remote-User") + " by " + r.TLS.PeerCertificates[0].Subject.CommonName)
			w.Write([]byte(`{"kind":"Gadget","apiVersion":"gadgets.example.com/v1","metadata":{"name":"one"}}`))
			return
		}
		w.Write([]byte(gadgetDiscovery))
	}))
	register := func() error {
		return cp.RegisterAPIService(ctx, APIService{
			Group: "gadgets.example.com", Version: "v1",
			Namespace: "factory", Service: "gadgets",
			Port: server.Addr().(*net.TCPAddr).Port, CABundle: ca,
		})
	}
	if err := register(); err != nil {
		t.Fatal(err)
	}
	if err := register(); err != nil {
		t.Errorf("registering again: %v", err)
	}
	eventually(t, "kubectl discovers the resource", func() error {
		stdout, _, err := cp.Kubectl(ctx, cp.AdminKubeconfig(), "get", "gadget.v1.gadgets.example.com", "one", "-o", "name")
		if err == nil && stdout != "gadget.gadgets.example.com/one\n" {
			err = errors.New(stdout)
		}
		return err
	})
	if got, want := asked.Load(), "admin by "+frontProxyUser; got != want {
		t.Errorf("asked by %q, want %q", got, want)
	}
	if _, _, err := cp.Kubectl(ctx, cp.AdminKubeconfig(), "delete", "apiservice", "v1.gadgets.example.com"); err != nil {
		t.Fatal(err)
	}
}

// frontProxiedServer serves TLS on a loopback address to clients with a
// certificate of the front proxy's authority.
func frontProxiedServer(t *testing.T, cp *ControlPlane, cert, key []byte, handler http.Handler) net.Listener {
	t.Helper()
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	frontProxyCA, err := os.ReadFile(cp.certificates.frontProxyCA)
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(frontProxyCA)
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{pair},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    clients,
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener
}
