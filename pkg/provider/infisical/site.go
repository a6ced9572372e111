package infisical

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// defaultHost is where stores without a hostAPI go.
const defaultHost = "https://app.infisical.com/api"

// siteOf is the address of a store's API, with /api at its end.
func siteOf(store *v1.InfisicalProvider) (*url.URL, error) {
	site, err := parseHost(deref(store.HostAPI))
	if err != nil {
		return nil, provider.Errorf(provider.Invalid, "spec.provider.infisical.hostAPI: %s", err)
	}
	return site, nil
}

// parseHost reads a hostAPI. Its errors do not repeat the text, which may hold a password.
func parseHost(host string) (*url.URL, error) {
	if host == "" {
		host = defaultHost
	}
	u, err := url.Parse(host)
	if err != nil {
		return nil, errors.New("must be a URL such as https://infisical.example.com")
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("must be a URL with the scheme http or https")
	case u.Hostname() == "":
		return nil, errors.New("must name a host")
	case u.User != nil:
		return nil, errors.New("must not hold a user or password")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("must not have a query or fragment")
	}
	path := strings.TrimRight(u.Path, "/")
	if !strings.HasSuffix(path, "/api") {
		path += "/api"
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host), Path: path}, nil
}

// roots are the certificates that an instance is verified against. The zero value stands for the system's.
type roots struct {
	pool *x509.CertPool
	// digest tells roots apart.
	digest [sha256.Size]byte
}

// rootsOf is the roots of a store: its caBundle, else what its caProvider holds.
func rootsOf(store *v1.InfisicalProvider, material provider.Material) (roots, error) {
	bundle, field := store.CABundle, "caBundle"
	if len(bundle) == 0 {
		if store.CAProvider == nil {
			return roots{}, nil
		}
		bundle, field = material[purposeCA].Bytes(), "caProvider"
	}
	r, err := parseBundle(bundle)
	if err != nil {
		return roots{}, provider.Errorf(provider.Invalid, "spec.provider.infisical.%s: %s", field, err)
	}
	return r, nil
}

// parseBundle reads certificates in PEM, or in base64 of PEM.
func parseBundle(bundle []byte) (roots, error) {
	if decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(bundle))); err == nil {
		bundle = decoded
	}
	pool, digest, found := x509.NewCertPool(), sha256.New(), 0
	for {
		var block *pem.Block
		block, bundle = pem.Decode(bundle)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		found++
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return roots{}, fmt.Errorf("certificate %d does not parse", found)
		}
		pool.AddCert(certificate)
		digest.Write(block.Bytes)
	}
	if found == 0 {
		return roots{}, errors.New("must hold at least one certificate in PEM")
	}
	return roots{pool: pool, digest: [sha256.Size]byte(digest.Sum(nil))}, nil
}
