package infisical

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

// listener is a stream that a test listens to.
type listener struct {
	opened chan struct{}
	heard  chan provider.Heard
	ended  chan error
	stop   context.CancelFunc
}

func listen(t *testing.T, c *client, parts ...string) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &listener{opened: make(chan struct{}, 1), heard: make(chan provider.Heard, 100), ended: make(chan error, 1), stop: cancel}
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.ended <- c.Stream(ctx, parts, func() { l.opened <- struct{}{} }, func(h provider.Heard) { l.heard <- h })
	}()
	t.Cleanup(func() { cancel(); <-done })
	return l
}

// known is a client that knows its project's id.
func (f *fixture) known(edits ...func(*v1.InfisicalProvider)) *client {
	f.t.Helper()
	f.SetSecret(testProject, "dev", "/", "FOO", "s3cret")
	c := f.connect(edits...)
	_, known := c.Channel()
	require.False(f.t, known)
	require.Equal(f.t, "s3cret", valueOf(f.t, c, "FOO"))
	_, known = c.Channel()
	require.True(f.t, known)
	return c
}

func TestStreamTellsOfChanges(t *testing.T) {
	for name, c := range map[string]struct {
		behaviour infisical.Events
		parts     []string
	}{
		"paths by their beginning":                     {parts: []string{"dev"}},
		"paths by pattern, keys in the older spelling": {behaviour: infisical.Events{Globs: true, OldKeys: true}, parts: []string{"dev"}},
		"the whole project":                            {parts: []string{"dev", "prod"}},
		"the whole project, by pattern":                {behaviour: infisical.Events{Globs: true}, parts: []string{"dev", "prod"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t)
			f.Change(func(b *infisical.Behaviour) { b.Events = c.behaviour })
			l := listen(t, f.known(), c.parts...)
			<-l.opened
			f.SetSecret(testProject, "dev", "/", "FOO", "two")
			require.Equal(t, provider.Heard{Part: "dev", Path: "/"}, <-l.heard)
			f.SetSecret(testProject, "dev", "/app/web", "NEW", "one")
			require.Equal(t, provider.Heard{Part: "dev", Path: "/app/web"}, <-l.heard)
			f.DeleteSecret(testProject, "dev", "/app/web", "NEW")
			require.Equal(t, provider.Heard{Part: "dev", Path: "/app/web"}, <-l.heard)
			f.AddImport(testProject, "dev", "/app", "dev", "/app/web")
			require.Equal(t, provider.Heard{Part: "dev", Path: "/app"}, <-l.heard)
			if len(c.parts) > 1 {
				f.SetSecret(testProject, "prod", "/x", "NEW", "one")
				require.Equal(t, provider.Heard{Part: "prod", Path: "/x"}, <-l.heard)
			}
			require.Empty(t, l.heard)
			f.counts(1, 1, 0)
			require.Equal(t, 1, f.Requests.Count(infisical.RouteEvents))
		})
	}
}

func TestStreamEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(f *fixture, c *client, l *listener)
		says string
	}{
		"as the server ends it":       {func(f *fixture, _ *client, _ *listener) { f.EndStreams(false) }, "the stream ended"},
		"with an error of the server": {func(f *fixture, _ *client, _ *listener) { f.EndStreams(true) }, "ended the stream with an error"},
		"with the server":             {func(f *fixture, _ *client, _ *listener) { f.Stop() }, "the stream ended"},
		"with the client":             {func(_ *fixture, c *client, _ *listener) { c.Close() }, "given up"},
		"with its caller":             {func(_ *fixture, _ *client, l *listener) { l.stop() }, "given up"},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t)
			cl := f.known()
			l := listen(t, cl, "dev")
			<-l.opened
			c.end(f, cl, l)
			err := <-l.ended
			requireReason(t, provider.Unavailable, err)
			require.ErrorContains(t, err, c.says)
			require.Eventually(t, func() bool { return f.Streams() == 0 }, 10*time.Second, time.Millisecond)
		})
	}
}

func TestSilentStreamIsGivenUp(t *testing.T) {
	f := start(t)
	c := f.known()
	c.silence = 200 * time.Millisecond
	f.Change(func(b *infisical.Behaviour) { b.Events.Ping = 20 * time.Millisecond })
	alive := listen(t, c, "dev")
	<-alive.opened
	f.Change(func(b *infisical.Behaviour) { b.Events.Ping = time.Hour })
	silent := listen(t, c, "dev")
	<-silent.opened
	requireReason(t, provider.Unavailable, <-silent.ended)
	require.Empty(t, alive.ended, "pings are signs of life")
	require.Empty(t, alive.heard, "and of no change")
}

func TestStreamIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		refuse func(f *fixture)
		reason provider.Reason
		says   string
	}{
		"the plan has none": {func(f *fixture) { f.Change(func(b *infisical.Behaviour) { b.Events.Off = true }) }, provider.Invalid, "HTTP 400"},
		"not permitted": {func(f *fixture) {
			f.Faults.Add(harness.JSON(403, `{"statusCode":403,"error":"PermissionDenied","message":"You are not allowed"}`).On(infisical.RouteEvents))
		}, provider.Forbidden, "HTTP 403"},
		"too many streams": {func(f *fixture) {
			f.Faults.Add(harness.Throttled(7*time.Second, `{"statusCode":429,"error":"RateLimitExceeded","message":"s3cret"}`).On(infisical.RouteEvents))
		}, provider.RateLimited, "HTTP 429"},
		"an older version": {func(f *fixture) {
			f.Faults.Add(harness.JSON(404, `{"statusCode":404,"error":"Not Found","message":"Route"}`).On(infisical.RouteEvents))
		}, provider.Invalid, "no event streams"},
		"another project": {func(f *fixture) { f.RecreateProject(testProject) }, provider.ScopeNotFound, "HTTP 404"},
		"a redirect":      {func(f *fixture) { f.Faults.Add(harness.Redirect("http://127.0.0.1:1/").On(infisical.RouteEvents)) }, provider.Unavailable, "redirect"},
		"a page":          {func(f *fixture) { f.Faults.Add(harness.HTML(200).On(infisical.RouteEvents)) }, provider.Unavailable, "HTTP 200"},
		"JSON":            {func(f *fixture) { f.Faults.Add(harness.JSON(200, `{}`).On(infisical.RouteEvents)) }, provider.Unavailable, "no stream"},
		"an outage":       {func(f *fixture) { f.Faults.Add(harness.HTML(503).On(infisical.RouteEvents)) }, provider.Unavailable, "HTTP 503"},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t)
			cl := f.known()
			c.refuse(f)
			l := listen(t, cl, "dev")
			err := <-l.ended
			requireReason(t, c.reason, err)
			require.ErrorContains(t, err, c.says)
			require.Empty(t, l.opened)
			require.Equal(t, 1, f.Requests.Count(infisical.RouteEvents))
			if c.reason == provider.RateLimited {
				require.Equal(t, 7*time.Second, provider.RetryAfterOf(err))
			}
		})
	}
}

// A stream outlives the token that it was opened with; the next one is opened with a new token, by one login.
func TestStreamAfterTheTokenIsOver(t *testing.T) {
	f := start(t)
	c := f.known()
	l := listen(t, c, "dev")
	<-l.opened
	f.RevokeTokens(testID)
	f.SetSecret(testProject, "dev", "/", "FOO", "two")
	<-l.heard
	f.EndStreams(false)
	<-l.ended
	l = listen(t, c, "dev")
	<-l.opened
	require.Equal(t, 2, f.Requests.Count(infisical.RouteLogin))
	require.Equal(t, 3, f.Requests.Count(infisical.RouteEvents), "one of them was refused")
	require.Equal(t, http.StatusUnauthorized, f.Requests.Entries()[len(f.Requests.Entries())-3].Status)
}

func TestFollow(t *testing.T) {
	const app = `"environment":"dev","secretPath":"/app"`
	at := provider.Heard{Part: "dev", Path: "/app"}
	event := func(payload string) string {
		return `data: {"type":"secret-manager","data":{"payload":` + payload + "}}\n\n"
	}
	long := strings.Repeat("x", maxEvent)
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		stream string
		heard  []provider.Heard
		err    error
	}{
		"pings":                     {stream: "event: ping\n\nevent:ping\r\n\r\n1\n\ndata: 1\n\n11111: comment\n\n"},
		"a list":                    {stream: event(`[{` + app + `,"secretKey":"A"}]`), heard: []provider.Heard{at}},
		"an object":                 {stream: event(`{` + app + `}`), heard: []provider.Heard{at}},
		"many keys of one folder":   {stream: event(`[{` + app + `,"secretKey":"A"},{` + app + `,"secretKeys":"B"}]`), heard: []provider.Heard{at}},
		"several lines of data":     {stream: "event: x\ndata: {\"data\":{\"payload\":\ndata: {" + app + "}}}\n\n", heard: []provider.Heard{at}},
		"heartbeats in front":       {stream: "11" + "id: 1\n" + event(`{`+app+`}`), heard: []provider.Heard{at}},
		"a payload of another form": {stream: event(`"x"`), heard: []provider.Heard{{}}},
		"no payload":                {stream: "data: {}\n\n", heard: []provider.Heard{{}}},
		"an empty payload":          {stream: event(`[]`), heard: []provider.Heard{{}}},
		"half of JSON":              {stream: "data: {\"data\n\n", heard: []provider.Heard{{}}},
		"an event that is cut":      {stream: "data: {}\n"},
		"an error":                  {stream: event(`{`+app+`}`) + "event: error\ndata: {}\n\n" + event(`{}`), heard: []provider.Heard{at}, err: errTold},
		"a line without end":        {stream: "data: " + long + "\n\n", err: errEventTooLong},
		"data without end":          {stream: strings.Repeat("data: "+long[:1<<19]+"\n", 3) + "\n", err: errEventTooLong},
	} {
		t.Run(name, func(t *testing.T) {
			var heard []provider.Heard
			err := follow(iotest.HalfReader(strings.NewReader(c.stream)), func(h provider.Heard) { heard = append(heard, h) })
			require.Equal(t, c.heard, heard)
			if c.err != nil {
				require.ErrorIs(t, err, c.err)
			}
			require.Error(t, err)
		})
	}
	require.ErrorIs(t, follow(iotest.ErrReader(broken), nil), broken)
}

func TestWhatAChangeTouches(t *testing.T) {
	f := start(t)
	f.SetSecret(testProject, "dev", "/shared", "S", "1")
	f.SetSecret(testProject, "prod", "/all", "P", "1")
	f.SetSecret(testProject, "dev", "/app", "A", "1")
	f.AddImport(testProject, "dev", "/app", "dev", "/shared")
	f.AddImport(testProject, "dev", "/app", "prod", "/all")
	c := f.connect()
	app, below := provider.Scope{Name: "/app"}, provider.Scope{Name: "/app", Recursive: true}
	v := newView()
	v.show(t, c, app)
	for h, want := range map[provider.Heard][2]bool{
		{}:                                  {true, true},
		{Part: "dev"}:                       {true, true},
		{Part: "prod"}:                      {false, false},
		{Part: "dev", Path: "/app"}:         {true, true},
		{Part: "dev", Path: "/app/"}:        {true, true},
		{Part: "prod", Path: "/app"}:        {false, false},
		{Part: "dev", Path: "/app/below"}:   {false, true},
		{Part: "dev", Path: "/application"}: {false, false},
		{Part: "dev", Path: "/"}:            {false, false},
		{Part: "dev", Path: "/shared"}:      {true, false},
		{Part: "prod", Path: "/all"}:        {true, false},
	} {
		require.Equal(t, want, [2]bool{c.Touches(h, app, v.pictures[app]), c.Touches(h, below, nil)}, h)
	}
}
