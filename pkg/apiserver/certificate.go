package apiserver

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/metrics/legacyregistry"
	"k8s.io/klog/v2"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/metrics"
	"github.com/live-secrets/external-secrets-apiserver/pkg/servingcert"
)

// pushSecretVersion is that of the kinds that are refused, where an installation registers them.
const pushSecretVersion = "v1alpha1"

// newCertificate makes what keeps the serving certificate in a Secret; the clients are of the host.
func newCertificate(config servingcert.Config, host *rest.Config) (*servingcert.Manager, error) {
	var err error
	if config.Client, err = kubernetes.NewForConfig(host); err != nil {
		return nil, fmt.Errorf("set up the client of the serving certificate: %w", err)
	}
	if config.Dynamic, err = dynamic.NewForConfig(host); err != nil {
		return nil, fmt.Errorf("set up the client of the APIServices: %w", err)
	}
	config.APIServices = []string{v1.SchemeGroupVersion.Version + "." + v1.GroupName, pushSecretVersion + "." + v1.GroupName}
	return servingcert.New(config), nil
}

// keepCertificate starts to keep the serving certificate where it is in a Secret, and returns when there is one or ctx
// ends: nobody could connect before.
func (s *Server) keepCertificate(ctx context.Context) {
	legacyregistry.RawMustRegister(metrics.CertificateExpiry(certificateEnd(s.generic.SecureServingInfo.Cert)))
	if s.certificate == nil {
		return
	}
	s.work.shared.run(func(ctx context.Context) {
		if err := s.certificate.Run(ctx); err != nil && ctx.Err() == nil {
			klog.ErrorS(err, "The serving certificate is not kept any more")
		}
	})
	select {
	case <-s.certificate.Loaded():
	case <-ctx.Done():
	}
}

// certificateEnd returns what tells until when the certificate that is served is valid, wherever it comes from.
func certificateEnd(cert dynamiccertificates.CertKeyContentProvider) func() (time.Time, bool) {
	return func() (time.Time, bool) {
		if cert == nil {
			return time.Time{}, false
		}
		pair, err := tls.X509KeyPair(cert.CurrentCertKeyContent())
		if err != nil {
			return time.Time{}, false
		}
		return pair.Leaf.NotAfter, true
	}
}
