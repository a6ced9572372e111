package options

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/live-secrets/external-secrets-apiserver/pkg/servingcert"
)

// Where a serving certificate may come from.
const (
	certFromFiles  = "files"
	certManaged    = "managed"
	certFromSecret = "secret"
	certSelfSigned = "self-signed"
)

var certSources = []string{certManaged, certFromSecret, certFromFiles, certSelfSigned}

const (
	// shortestLeaf leaves time to renew it: certificates count whole seconds.
	shortestLeaf = 10 * time.Second
	// leavesPerAuthority leaves an authority time to sign leaves of whole length before it is succeeded.
	leavesPerAuthority = 3
)

// ServingCert says where the serving certificate comes from.
type ServingCert struct {
	// Source is one of managed, secret, files and self-signed, or empty to choose by what else is given.
	Source string
	// Secret is the name of the Secret that a managed certificate, or one that is only read, is in.
	Secret string
	// Service is the name of the Service by which kube-apiserver reaches the server.
	Service string
	// Lifetimes are those of managed certificates.
	Lifetimes servingcert.Lifetimes
}

func newServingCert() ServingCert {
	return ServingCert{
		Secret:    "external-secrets-apiserver-serving-cert",
		Service:   "external-secrets-apiserver",
		Lifetimes: servingcert.Lifetimes{Leaf: 30 * 24 * time.Hour, Authority: 365 * 24 * time.Hour},
	}
}

func (s *ServingCert) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&s.Source, "serving-cert-source", s.Source,
		"Where the serving certificate comes from: managed (this server makes and renews it in --serving-cert-secret, and keeps caBundle of its APIService), "+
			"secret (it is read from --serving-cert-secret), files (--tls-cert-file), or self-signed (made once, in --data-dir). "+
			"Left empty: files where --tls-cert-file is given, self-signed where --kubeconfig or --cert-dir is, else managed.")
	flags.StringVar(&s.Secret, "serving-cert-secret", s.Secret, "Name of the Secret in --namespace that the serving certificate is in, with the sources managed and secret.")
	flags.StringVar(&s.Service, "serving-cert-service", s.Service, "Name of the Service in --namespace that the serving certificate is for, and that the APIService leads to.")
	flags.DurationVar(&s.Lifetimes.Leaf, "serving-cert-lifetime", s.Lifetimes.Leaf, "How long a managed serving certificate is valid. It is renewed when a third of that is left.")
	flags.DurationVar(&s.Lifetimes.Authority, "serving-ca-lifetime", s.Lifetimes.Authority,
		"How long the authority of managed serving certificates is valid. Its successor is trusted before it is used, and it is trusted until it ends.")
}

// certSource is where the certificate comes from, given or chosen.
func (o *Options) certSource() string {
	serving := o.Recommended.SecureServing.ServerCert
	switch {
	case o.ServingCert.Source != "":
		return o.ServingCert.Source
	case serving.CertKey.CertFile != "" || serving.CertKey.KeyFile != "":
		return certFromFiles
	case o.Recommended.CoreAPI.CoreAPIKubeconfigPath != "" || serving.CertDirectory != "":
		return certSelfSigned
	}
	return certManaged
}

// completeServingCert makes a self-signed certificate where that is wanted and there is none.
func (o *Options) completeServingCert() error {
	if o.certSource() != certSelfSigned {
		return nil
	}
	serving := o.Recommended.SecureServing
	if serving.ServerCert.CertDirectory == "" && o.EmbedsEtcd() {
		serving.ServerCert.CertDirectory = filepath.Join(o.DataDir, "certificates")
	}
	names := servingcert.Names(o.ServingCert.Service, o.Namespace)
	if err := serving.MaybeDefaultWithSelfSignedCerts("localhost", names[:1], []net.IP{net.IPv4(127, 0, 0, 1)}); err != nil {
		return fmt.Errorf("make a serving certificate: %w", err)
	}
	return nil
}

func (o *Options) validateServingCert() []error {
	var errs []error
	source := o.certSource()
	if !slices.Contains(certSources, source) {
		return []error{fmt.Errorf("--serving-cert-source must be one of %s, is %q", strings.Join(certSources, ", "), source)}
	}
	files := o.Recommended.SecureServing.ServerCert.CertKey
	if source == certFromFiles && (files.CertFile == "" || files.KeyFile == "") {
		errs = append(errs, fmt.Errorf("--tls-cert-file and --tls-private-key-file must both be given with --serving-cert-source=%s", source))
	}
	if o.certInSecret() && (files.CertFile != "" || files.KeyFile != "") {
		errs = append(errs, fmt.Errorf("--tls-cert-file and --tls-private-key-file must not be given with --serving-cert-source=%s", source))
	}
	if o.certInSecret() && (o.ServingCert.Secret == "" || o.ServingCert.Service == "" || o.Namespace == "") {
		errs = append(errs, fmt.Errorf("--serving-cert-secret, --serving-cert-service and --namespace must be given with --serving-cert-source=%s", source))
	}
	lifetimes := o.ServingCert.Lifetimes
	if lifetimes.Leaf < shortestLeaf {
		errs = append(errs, fmt.Errorf("--serving-cert-lifetime must be at least %s, is %s", shortestLeaf, lifetimes.Leaf))
	}
	if lifetimes.Authority < leavesPerAuthority*lifetimes.Leaf {
		errs = append(errs, fmt.Errorf("--serving-ca-lifetime must be at least %d times --serving-cert-lifetime, is %s",
			leavesPerAuthority, lifetimes.Authority))
	}
	return errs
}

// certInSecret tells whether the certificate is in a Secret of the host, and not in files.
func (o *Options) certInSecret() bool {
	return o.certSource() == certManaged || o.certSource() == certFromSecret
}

// ServingCertConfig is nil where the certificate is in files.
func (o *Options) ServingCertConfig() *servingcert.Config {
	if !o.certInSecret() {
		return nil
	}
	return &servingcert.Config{
		Namespace: o.Namespace,
		Secret:    o.ServingCert.Secret,
		Managed:   o.certSource() == certManaged,
		Service:   o.ServingCert.Service,
		Lifetimes: o.ServingCert.Lifetimes,
	}
}
