package apiserver

import (
	"net/http"
	"sync/atomic"

	genericapiserver "k8s.io/apiserver/pkg/server"
)

// farewell sends clients elsewhere when the server is about to end. kube-apiserver has all its requests go over one connection,
// which no change of endpoints moves to another replica: it would be kept until it breaks. A server that says with an answer that
// it closes the connection has the client open another, and answers what is under way on the old one: over HTTP/2, by GOAWAY.
type farewell struct{ begun atomic.Bool }

// begin has every answer from now on be the last that is begun on its connection.
func (f *farewell) begin() { f.begun.Store(true) }

func (f *farewell) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.begun.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// accompany has all answers go through f.
func (c CompletedConfig) accompany(f *farewell) {
	build := c.generic.BuildHandlerChainFunc
	c.generic.BuildHandlerChainFunc = func(api http.Handler, config *genericapiserver.Config) http.Handler {
		return f.handler(build(api, config))
	}
}
