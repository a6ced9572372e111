package infisical_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

const eventsPath = "/api/v1/events/subscribe/project-events"

// subscribe opens a stream and returns its lines.
func subscribe(t *testing.T, sim *infisical.Server, body string) *bufio.Reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, sim.URL()+eventsPath, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token(t, sim, clientID, clientSecret))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("subscription: %d %v", resp.StatusCode, resp.Header)
	}
	return bufio.NewReader(resp.Body)
}

// frame reads one frame, up to its empty line.
func frame(t *testing.T, stream *bufio.Reader) string {
	t.Helper()
	var out strings.Builder
	for {
		line, err := stream.ReadString('\n')
		if err == io.EOF {
			return "EOF"
		}
		if err != nil {
			t.Fatal(err)
		}
		if line == "\n" {
			return out.String()
		}
		out.WriteString(line)
	}
}

func TestEvents(t *testing.T) {
	at := time.UnixMilli(1760000000000)
	sim, id := start(t, infisical.Options{
		Clock:     func() time.Time { return at },
		Behaviour: infisical.Behaviour{Events: infisical.Events{Ping: time.Hour}},
	})
	sim.SetSecret(project, "prod", "/app", "DB_PASSWORD", "before the stream")
	stream := subscribe(t, sim, `{"projectId":"`+id+`","register":[
		{"event":"secret:update","conditions":{"environmentSlug":"prod","secretPath":"/app"}},
		{"event":"secret:import-mutation"}]}`)

	sim.SetSecret(project, "dev", "/app", "DB_PASSWORD", "another environment")
	sim.SetSecret(project, "prod", "/other", "DB_PASSWORD", "another folder")
	sim.SetSecret(project, "prod", "/app", "DB_PASSWORD", "one")
	sim.SetSecret(project, "prod", "/application", "X", "created, not updated")
	sim.SetSecret(project, "prod", "/application", "X", "starts with the path")
	sim.AddImport(project, "prod", "/app", "prod", "/other")
	for _, want := range []string{
		"id: 1760000000000\nevent: secret:update\n" +
			`data: {"data":{"eventType":"secret:update","payload":[{"environment":"prod","secretKey":"DB_PASSWORD","secretPath":"/app"}]},"type":"secret-manager"}` + "\n",
		"id: 1760000000000\nevent: secret:update\n" +
			`data: {"data":{"eventType":"secret:update","payload":[{"environment":"prod","secretKey":"X","secretPath":"/application"}]},"type":"secret-manager"}` + "\n",
		"id: 1760000000000\nevent: secret:import-mutation\n" +
			`data: {"data":{"eventType":"secret:import-mutation","payload":{"environment":"prod","secretPath":"/app"}},"type":"secret-manager"}` + "\n",
	} {
		if got := frame(t, stream); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}

	sim.Change(func(b *infisical.Behaviour) { b.Events.Globs, b.Events.OldKeys = true, true })
	sim.SetSecret(project, "prod", "/application", "X", "does not match a pattern")
	sim.SetSecret(project, "prod", "/app", "DB_PASSWORD", "two")
	if got := frame(t, stream); !strings.Contains(got, `"secretKeys":"DB_PASSWORD"`) {
		t.Errorf("the old spelling: %q", got)
	}
	sim.EndStreams(true)
	if got := frame(t, stream); !strings.HasPrefix(got, "event: error\n") {
		t.Errorf("an error: %q", got)
	}
	if got := frame(t, stream); got != "EOF" {
		t.Errorf("the end: %q", got)
	}
}

func TestEventsPing(t *testing.T) {
	sim, id := start(t, infisical.Options{Behaviour: infisical.Behaviour{Events: infisical.Events{Ping: time.Millisecond}}})
	stream := subscribe(t, sim, `{"projectId":"`+id+`","register":[{"event":"secret:update"}]}`)
	if got := frame(t, stream); got != "event: ping\n" {
		t.Errorf("ping: %q", got)
	}
	if got := sim.Streams(); got != 1 {
		t.Errorf("%d streams", got)
	}
	sim.EndStreams(false)
	for frame(t, stream) != "EOF" {
	}
}

func TestEventsAreRefused(t *testing.T) {
	sim, id := start(t, infisical.Options{})
	sim.AddIdentity(infisical.Identity{ClientID: "restricted", ClientSecret: "s", Rules: []infisical.Rule{{Path: "/closed", Access: infisical.None}}})
	access, restricted := token(t, sim, clientID, clientSecret), token(t, sim, "restricted", "s")
	register := func(entries string) string { return `{"projectId":"` + id + `","register":[` + entries + `]}` }
	const update = `{"event":"secret:update"}`

	for _, tc := range []struct {
		name, token, body string
		status            int
	}{
		{"no registration", access, register(""), 422},
		{"eleven registrations", access, register(strings.Repeat(update+",", 10) + update), 422},
		{"an unknown event", access, register(`{"event":"secret:read"}`), 422},
		{"no JSON", access, "{", 400},
		{"an unknown project", access, `{"projectId":"x","register":[` + update + `]}`, 404},
		{"no token", "", register(update), 401},
		{"a closed folder", restricted, register(`{"event":"secret:update","conditions":{"environmentSlug":"prod","secretPath":"/closed/**"}}`), 403},
	} {
		if got := request(t, "POST", sim.URL()+eventsPath, tc.token, tc.body); got.status != tc.status {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
	sim.Change(func(b *infisical.Behaviour) { b.Events.Off = true })
	if got := request(t, "POST", sim.URL()+eventsPath, access, register(update)); got.status != 400 || !strings.Contains(got.body, "not available on your current plan") {
		t.Errorf("another plan: %+v", got)
	}
}

func TestEventsEndWithTheServer(t *testing.T) {
	sim, id := start(t, infisical.Options{})
	stream := subscribe(t, sim, `{"projectId":"`+id+`","register":[{"event":"secret:update"}]}`)
	sim.Faults.Add(harness.JSON(500, "")) // A fault does not touch what is open already.
	sim.SetSecret(project, "prod", "/", "K", "one")
	sim.SetSecret(project, "prod", "/", "K", "two")
	if got := frame(t, stream); !strings.Contains(got, "secret:update") {
		t.Errorf("frame: %q", got)
	}
	sim.Stop()
	if _, err := stream.ReadString('\n'); err == nil {
		t.Error("the stream outlives its server")
	}
}
