package apiserver

import (
	"net/http"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"github.com/live-secrets/external-secrets-apiserver/pkg/stack"
)

// handlerChain is that of every Kubernetes API server. Requests but watches are handled in goroutines of their own, which begin
// ahead of authentication: they get the room for all that follows there.
func handlerChain(api http.Handler, config *genericapiserver.Config) http.Handler {
	roomy := *config
	if authentication := config.Authentication.Authenticator; authentication != nil {
		if headers := config.Authentication.RequestHeaderConfig; headers != nil {
			authentication = newProxy(headers, authentication)
		}
		roomy.Authentication.Authenticator = authenticator.RequestFunc(func(r *http.Request) (*authenticator.Response, bool, error) {
			stack.Grow()
			return authentication.AuthenticateRequest(r)
		})
	}
	return genericapiserver.DefaultBuildHandlerChain(api, &roomy)
}
