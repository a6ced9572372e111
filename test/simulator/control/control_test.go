package control_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/control"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/seed"
)

func start(t *testing.T) (*connect.Server, *infisical.Server, func(method, path, body string) (int, string)) {
	t.Helper()
	op, inf := seed.HomeCluster().Servers(connect.Options{}, infisical.Options{})
	op.Start()
	t.Cleanup(op.Close)
	inf.Start()
	t.Cleanup(inf.Close)
	api := httptest.NewServer(control.New(op, inf))
	t.Cleanup(api.Close)
	return op, inf, func(method, path, body string) (int, string) {
		t.Helper()
		return do(t, method, api.URL+path, body)
	}
}

func do(t *testing.T, method, address, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func field(t *testing.T, op *connect.Server, label string) string {
	t.Helper()
	for _, f := range op.Item("pitower", "my-app").Fields {
		if f.Label == label {
			return f.Value
		}
	}
	return ""
}

func TestEdits(t *testing.T) {
	op, inf, call := start(t)
	if status, _ := call("PUT", "/connect/vaults/pitower/items/my-app/fields/db_pass", "changed"); status != 200 || field(t, op, "db_pass") != "changed" {
		t.Errorf("a field: %d, %q", status, field(t, op, "db_pass"))
	}
	if status, _ := call("PUT", "/connect/vaults/pitower/items/none/fields/x", "y"); status != 404 {
		t.Errorf("a field of no item: %d", status)
	}
	call("DELETE", "/connect/vaults/pitower/items/my-app", "")
	if _, found := op.Find("pitower", "my-app"); found {
		t.Error("the item is still there")
	}

	const secret = "/infisical/projects/home-lab-iwi-y/environments/prod/secrets/CLOUDFLARE_API_TOKEN?path=/cert-manager"
	call("PUT", secret, "changed")
	if got, _ := inf.Find("home-lab-iwi-y", "prod", "/cert-manager", "CLOUDFLARE_API_TOKEN"); got.Value != "changed" {
		t.Errorf("a secret: %+v", got)
	}
	if status, _ := call("DELETE", secret, ""); status != 200 {
		t.Errorf("deleting a secret: %d", status)
	}
	if status, _ := call("DELETE", secret, ""); status != 404 {
		t.Errorf("deleting it again: %d", status)
	}
	if status, _ := call("PUT", "/infisical/projects/none/environments/prod/secrets/K", "v"); status != 404 {
		t.Errorf("a secret of no project: %d", status)
	}
}

func TestFaultsAndCounters(t *testing.T) {
	op, _, call := start(t)
	heartbeat := op.URL() + "/heartbeat"

	status, answer := call("POST", "/connect/faults", `{"route":"GET /heartbeat","status":503,"body":"down","header":{"Retry-After":"7"}}`)
	var added struct{ ID string }
	if err := json.Unmarshal([]byte(answer), &added); err != nil || status != 200 {
		t.Fatalf("adding a fault: %d %s", status, answer)
	}
	if status, body := do(t, "GET", heartbeat, ""); status != 503 || body != "down" {
		t.Errorf("with the fault: %d %s", status, body)
	}
	if status, _ := call("DELETE", "/connect/faults/"+added.ID, ""); status != 200 {
		t.Errorf("removing the fault: %d", status)
	}
	if status, _ := do(t, "GET", heartbeat, ""); status != 200 {
		t.Errorf("without the fault: %d", status)
	}
	for _, bad := range []string{`{"kind":"none"}`, `{"status":99}`, `{"unknown":1}`, `{"delay":"x"}`} {
		if status, _ := call("POST", "/connect/faults", bad); status != 400 {
			t.Errorf("%s: %d", bad, status)
		}
	}
	if status, _ := call("POST", "/none/faults", `{}`); status != 404 {
		t.Errorf("an unknown simulator: %d", status)
	}

	_, counters := call("GET", "/counters", "")
	if !strings.Contains(counters, `"connect":{"GET /heartbeat":2}`) {
		t.Errorf("counters: %s", counters)
	}
	call("DELETE", "/counters", "")
	if got := op.Requests.Total(); got != 0 {
		t.Errorf("after the reset: %d", got)
	}
}

func TestStopAndStart(t *testing.T) {
	op, _, call := start(t)
	call("POST", "/connect/stop", "")
	if _, err := http.Get(op.URL() + "/heartbeat"); err == nil {
		t.Error("a stopped simulator answers")
	}
	if status, body := call("POST", "/connect/start", ""); status != 200 {
		t.Fatalf("start: %d %s", status, body)
	}
	if status, _ := do(t, "GET", op.URL()+"/heartbeat", ""); status != 200 {
		t.Errorf("started again: %d", status)
	}
	if status, _ := call("POST", "/connect/start", ""); status != 409 {
		t.Errorf("started twice: %d", status)
	}
}
