// Package control is an HTTP API that changes running simulators, for scripts
// that cannot call their methods. It has no authentication and must listen on
// loopback only.
//
//	GET    /counters                                   requests by simulator and route
//	DELETE /counters                                   set all counters to zero
//	PUT    /connect/vaults/V/items/I/fields/LABEL      set a field; the body is the value
//	DELETE /connect/vaults/V/items/I                   delete an item
//	PUT    /infisical/projects/P/environments/E/secrets/KEY?path=/F
//	                                                   set a secret; the body is the value
//	DELETE the same                                    delete a secret
//	POST   /SIMULATOR/faults                           inject a fault; answers with its id
//	DELETE /SIMULATOR/faults                           remove all faults
//	DELETE /SIMULATOR/faults/ID                        remove one fault
//	PUT    /SIMULATOR/delay                            delay all requests; the body is a duration
//	POST   /SIMULATOR/stop, /SIMULATOR/start           stop listening, and listen again
//
// V and I are ids or names, P is an id or a slug, and SIMULATOR is connect or infisical.
package control

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

const maxBody = 1 << 20

// API serves the control of two simulators.
type API struct {
	connect    *connect.Server
	infisical  *infisical.Server
	simulators map[string]*harness.Harness
	mux        *http.ServeMux

	mu     sync.Mutex
	faults map[string]*harness.Injected
	last   int
}

// New returns the control of the two simulators.
func New(op *connect.Server, inf *infisical.Server) *API {
	a := &API{
		connect:    op,
		infisical:  inf,
		simulators: map[string]*harness.Harness{"connect": op.Harness, "infisical": inf.Harness},
		mux:        http.NewServeMux(),
		faults:     map[string]*harness.Injected{},
	}
	a.mux.HandleFunc("GET /counters", a.counters)
	a.mux.HandleFunc("DELETE /counters", a.reset)
	a.mux.HandleFunc("PUT /connect/vaults/{vault}/items/{item}/fields/{label}", a.setField)
	a.mux.HandleFunc("DELETE /connect/vaults/{vault}/items/{item}", a.deleteItem)
	const secret = "/infisical/projects/{project}/environments/{environment}/secrets/{key}"
	a.mux.HandleFunc("PUT "+secret, a.setSecret)
	a.mux.HandleFunc("DELETE "+secret, a.deleteSecret)
	a.mux.HandleFunc("POST /{simulator}/faults", a.of(a.addFault))
	a.mux.HandleFunc("DELETE /{simulator}/faults", a.of(a.clearFaults))
	a.mux.HandleFunc("DELETE /{simulator}/faults/{id}", a.removeFault)
	a.mux.HandleFunc("PUT /{simulator}/delay", a.of(a.setDelay))
	a.mux.HandleFunc("POST /{simulator}/stop", a.of(a.stop))
	a.mux.HandleFunc("POST /{simulator}/start", a.of(a.start))
	return a
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	a.mux.ServeHTTP(w, r)
}

// of wraps a handler that is about one simulator.
func (a *API) of(next func(*harness.Harness, http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := a.simulators[r.PathValue("simulator")]
		if h == nil {
			http.Error(w, "the simulators are connect and infisical", http.StatusNotFound)
			return
		}
		next(h, w, r)
	}
}

func (a *API) counters(w http.ResponseWriter, _ *http.Request) {
	out := map[string]map[string]int{}
	for name, h := range a.simulators {
		out[name] = h.Requests.Counts()
	}
	sendJSON(w, out)
}

func (a *API) reset(http.ResponseWriter, *http.Request) {
	for _, h := range a.simulators {
		h.Requests.Reset()
	}
}

func (a *API) setField(w http.ResponseWriter, r *http.Request) {
	vault, item := r.PathValue("vault"), r.PathValue("item")
	value, ok := text(w, r)
	if !ok {
		return
	}
	if _, found := a.connect.Find(vault, item); !found {
		http.Error(w, "no such vault or item", http.StatusNotFound)
		return
	}
	a.connect.SetField(vault, item, r.PathValue("label"), value)
}

func (a *API) deleteItem(w http.ResponseWriter, r *http.Request) {
	vault, item := r.PathValue("vault"), r.PathValue("item")
	if _, found := a.connect.Find(vault, item); !found {
		http.Error(w, "no such vault or item", http.StatusNotFound)
		return
	}
	a.connect.DeleteItem(vault, item)
}

func (a *API) setSecret(w http.ResponseWriter, r *http.Request) {
	project, environment := r.PathValue("project"), r.PathValue("environment")
	value, ok := text(w, r)
	if !ok {
		return
	}
	if !a.infisical.HasEnvironment(project, environment) {
		http.Error(w, "no such project or environment", http.StatusNotFound)
		return
	}
	a.infisical.SetSecret(project, environment, r.URL.Query().Get("path"), r.PathValue("key"), value)
}

func (a *API) deleteSecret(w http.ResponseWriter, r *http.Request) {
	project, environment, key := r.PathValue("project"), r.PathValue("environment"), r.PathValue("key")
	folder := r.URL.Query().Get("path")
	if _, found := a.infisical.Find(project, environment, folder, key); !found {
		http.Error(w, "no such secret", http.StatusNotFound)
		return
	}
	a.infisical.DeleteSecret(project, environment, folder, key)
}

func (a *API) setDelay(h *harness.Harness, w http.ResponseWriter, r *http.Request) {
	value, ok := text(w, r)
	if !ok {
		return
	}
	delay, err := time.ParseDuration(strings.TrimSpace(value))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.SetDelay(delay)
}

func (a *API) stop(h *harness.Harness, _ http.ResponseWriter, _ *http.Request) { h.Stop() }

func (a *API) start(h *harness.Harness, w http.ResponseWriter, _ *http.Request) {
	if err := h.Restart(); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
	}
}

func text(w http.ResponseWriter, r *http.Request) (string, bool) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, fmt.Sprintf("reading the request: %v", err), http.StatusBadRequest)
		return "", false
	}
	return string(body), true
}

func sendJSON(w http.ResponseWriter, content any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(content) //nolint:errcheck // The client may have left.
}
