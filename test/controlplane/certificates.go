package controlplane

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
)

// TLSFiles names the PEM files of one side of a TLS connection. CA is what the
// other side's certificate is checked against.
type TLSFiles struct {
	CA, Cert, Key string
}

// certificates holds the three authorities of a control plane, which trust each
// other nowhere, and the files that its components are given.
type certificates struct {
	cluster    *authority // the API server's serving certificate and its clients
	frontProxy *authority // the API server as seen by aggregated servers
	etcd       *authority // etcd and its clients

	clusterCA    string
	frontProxyCA string

	apiserver         TLSFiles
	controllerManager TLSFiles
	proxyClient       TLSFiles
	etcdServer        TLSFiles
	etcdClient        TLSFiles
	serviceAccountKey string
}

// frontProxyUser is the common name by which aggregated servers know the
// aggregator.
const frontProxyUser = "front-proxy-client"

func newCertificates(dir string) (*certificates, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	c := &certificates{
		clusterCA:         filepath.Join(dir, "ca.crt"),
		frontProxyCA:      filepath.Join(dir, "front-proxy-ca.crt"),
		serviceAccountKey: filepath.Join(dir, "service-account.key"),
	}
	etcdCA := filepath.Join(dir, "etcd-ca.crt")
	for _, ca := range []struct {
		name string
		file string
		to   **authority
	}{
		{"kubernetes-ca", c.clusterCA, &c.cluster},
		{"front-proxy-ca", c.frontProxyCA, &c.frontProxy},
		{"etcd-ca", etcdCA, &c.etcd},
	} {
		made, err := newAuthority(ca.name)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(ca.file, made.pem, 0o644); err != nil {
			return nil, err
		}
		*ca.to = made
	}

	apiserverHosts := []string{
		"127.0.0.1", "localhost", serviceClusterIP,
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
	}
	for _, leaf := range []struct {
		name  string
		ca    string
		to    *TLSFiles
		issue func() (keyPair, error)
	}{
		{"kube-apiserver", c.clusterCA, &c.apiserver,
			func() (keyPair, error) { return c.cluster.serving(apiserverHosts...) }},
		{"kube-controller-manager", c.clusterCA, &c.controllerManager,
			func() (keyPair, error) { return c.cluster.serving("127.0.0.1", "localhost") }},
		{"front-proxy-client", c.frontProxyCA, &c.proxyClient,
			func() (keyPair, error) { return c.frontProxy.client(frontProxyUser) }},
		{"etcd", etcdCA, &c.etcdServer,
			func() (keyPair, error) { return c.etcd.serving("127.0.0.1", "localhost") }},
		{"etcd-client", etcdCA, &c.etcdClient,
			func() (keyPair, error) { return c.etcd.client("etcd-client") }},
	} {
		pair, err := leaf.issue()
		if err != nil {
			return nil, err
		}
		files, err := pair.write(dir, leaf.name)
		if err != nil {
			return nil, fmt.Errorf("writing the certificate %s: %w", leaf.name, err)
		}
		files.CA = leaf.ca
		*leaf.to = files
	}
	return c, writeKey(c.serviceAccountKey)
}

// writeKey makes the key that signs service account tokens. The API server reads
// the public half from the same file.
func writeKey(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	encoded, err := encodeKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(path, encoded, 0o600)
}
