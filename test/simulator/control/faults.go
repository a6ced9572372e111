package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

// fault is harness.Fault in JSON. A fault with a status or a body and no kind
// is an answer.
type fault struct {
	Route    string            `json:"route"`
	Times    int               `json:"times"`
	Kind     harness.Kind      `json:"kind"`
	Delay    duration          `json:"delay"`
	Status   int               `json:"status"`
	Header   map[string]string `json:"header"`
	Body     string            `json:"body"`
	Size     int64             `json:"size"`
	Chunk    int               `json:"chunk"`
	Interval duration          `json:"interval"`
}

// duration is a time.Duration that is written like "1.5s".
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = duration(parsed)
	return err
}

var kinds = []harness.Kind{
	harness.Pass, harness.Answer, harness.Hang, harness.Trickle, harness.Truncate,
	harness.Reset, harness.Close, harness.Drop, harness.Huge,
}

func (a *API) addFault(h *harness.Harness, w http.ResponseWriter, r *http.Request) {
	var f fault
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		http.Error(w, fmt.Sprintf("reading the fault: %v", err), http.StatusBadRequest)
		return
	}
	if !slices.Contains(kinds, f.Kind) || f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		http.Error(w, fmt.Sprintf("the kinds are %q, and a status is 200 to 599", kinds), http.StatusBadRequest)
		return
	}
	if f.Kind == harness.Pass && (f.Status != 0 || f.Body != "") {
		f.Kind = harness.Answer
	}
	injected := h.Faults.Add(harness.Fault{
		Route: f.Route, Times: f.Times, Kind: f.Kind, Delay: time.Duration(f.Delay), Status: f.Status, Header: f.Header,
		Body: f.Body, Size: f.Size, Chunk: f.Chunk, Interval: time.Duration(f.Interval),
	})
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last++
	id := strconv.Itoa(a.last)
	a.faults[id] = injected
	sendJSON(w, map[string]string{"id": id})
}

func (a *API) removeFault(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	injected := a.faults[r.PathValue("id")]
	if injected == nil {
		http.Error(w, "no such fault", http.StatusNotFound)
		return
	}
	delete(a.faults, r.PathValue("id"))
	injected.Remove()
}

func (a *API) clearFaults(h *harness.Harness, _ http.ResponseWriter, _ *http.Request) {
	h.Faults.Clear()
}
