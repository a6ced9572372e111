package apiserver

import (
	"net/http"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authentication/request/x509"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/rest"
	librarytracing "k8s.io/component-base/tracing"

	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
)

// traceHeader carries the trace of a request (https://www.w3.org/TR/trace-context).
const traceHeader = "Traceparent"

// Trace has the server make spans with a provider, which it shuts down at its end. It is to be called after ApplyDefaults and
// before options are applied.
func (c *Config) Trace(provider *tracing.Provider) {
	c.Extra.Tracing = provider
	c.Generic.TracerProvider = provider
	c.Extra.Host = rest.CopyConfig(c.Extra.Host)
	c.Extra.Host.Wrap(librarytracing.WrapperFor(provider))
	build := c.Generic.BuildHandlerChainFunc
	c.Generic.BuildHandlerChainFunc = func(api http.Handler, config *genericapiserver.Config) http.Handler {
		return continueTraces(build(api, config), config.Authentication.RequestHeaderConfig)
	}
}

// continueTraces has traces go on that come with what kube-apiserver passes on, which it proves by its certificate as for the
// user that it names.
func continueTraces(next http.Handler, proxy *authenticatorfactory.RequestHeaderConfig) http.Handler {
	if proxy == nil {
		return next
	}
	verified := authenticator.RequestFunc(func(*http.Request) (*authenticator.Response, bool, error) {
		return &authenticator.Response{}, true, nil
	})
	verifier := x509.NewDynamicCAVerifier(proxy.CAContentProvider.VerifyOptions, verified, proxy.AllowedClientNames)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(traceHeader) != "" {
			if _, isProxy, err := verifier.AuthenticateRequest(r); isProxy && err == nil {
				r = r.WithContext(tracing.Continued(r.Context()))
			}
		}
		next.ServeHTTP(w, r)
	})
}
