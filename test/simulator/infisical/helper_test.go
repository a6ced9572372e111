package infisical_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

const (
	clientID     = "simulated-client-id"
	clientSecret = "simulated-client-secret"
	project      = "home-lab-iwi-y"
)

// start returns a running server with one identity and one project. It ends
// with the test.
func start(t *testing.T, options infisical.Options) (*infisical.Server, string) {
	t.Helper()
	sim := infisical.New(options)
	sim.AddIdentity(infisical.Identity{ClientID: clientID, ClientSecret: clientSecret})
	id := sim.AddProject(project)
	sim.Start()
	t.Cleanup(sim.Close)
	return sim, id
}

type answer struct {
	status int
	header http.Header
	body   string
}

func request(t *testing.T, method, address, token, body string, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for n := 0; n < len(header); n += 2 {
		req.Header.Set(header[n], header[n+1])
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
	return answer{resp.StatusCode, resp.Header, string(text)}
}

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var out T
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return out
}

// failure is what errors have in common.
type failure struct {
	ReqID      string `json:"reqId"`
	StatusCode int    `json:"statusCode"`
	Message    any    `json:"message"`
	Error      string `json:"error"`
}

func login(t *testing.T, sim *infisical.Server, id, secret string) answer {
	t.Helper()
	return request(t, "POST", sim.URL()+"/api/v1/auth/universal-auth/login", "",
		`{"clientId":"`+id+`","clientSecret":"`+secret+`"}`, "Content-Type", "application/json")
}

func token(t *testing.T, sim *infisical.Server, id, secret string) string {
	t.Helper()
	got := login(t, sim, id, secret)
	if got.status != http.StatusOK {
		t.Fatalf("login: %+v", got)
	}
	return decode[map[string]any](t, got.body)["accessToken"].(string)
}

// query builds a path with parameters, given as name and value in turn.
func query(path string, parameters ...string) string {
	values := url.Values{}
	for n := 0; n < len(parameters); n += 2 {
		values.Set(parameters[n], parameters[n+1])
	}
	return path + "?" + values.Encode()
}

// list is a list of the project's environment prod.
func list(parameters ...string) string {
	return query("/api/v3/secrets/raw", append([]string{"workspaceSlug", project, "environment", "prod"}, parameters...)...)
}

// single is a read of one secret of the project's environment prod.
func single(name string, parameters ...string) string {
	return query("/api/v3/secrets/raw/"+url.PathEscape(name), append([]string{"workspaceSlug", project, "environment", "prod"}, parameters...)...)
}

type secret struct {
	SecretKey         string
	SecretValue       string
	SecretPath        string
	Version           int
	SecretValueHidden bool
}

type listing struct {
	Secrets []secret
	Imports []struct {
		SecretPath string
		Secrets    []secret
	}
}

// values are the secrets of a list by path and key.
func values(l listing) map[string]string {
	out := map[string]string{}
	for _, s := range l.Secrets {
		out[s.SecretPath+":"+s.SecretKey] = s.SecretValue
	}
	return out
}
