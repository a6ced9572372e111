package apiserver

import (
	"net/http"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"github.com/live-secrets/external-secrets-apiserver/pkg/stack"
)

// handlerChain is that of every Kubernetes API server. A request comes in a goroutine of its own, and unless it is a watch, another
// one that begins ahead of authentication does the rest: both get room for all that follows.
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
	chain := genericapiserver.DefaultBuildHandlerChain(api, &roomy)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stack.Grow()
		chain.ServeHTTP(w, r)
	})
}
