package infisical

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

const (
	subscribePath = "/v1/events/subscribe/project-events"
	// silence is how long a stream may say nothing: a server sends a ping every 15 seconds.
	silence = 45 * time.Second
)

var _ provider.Streamer = (*client)(nil)

// channel is what streams are shared by: Infisical allows an identity five for each project.
type channel struct {
	identity identityKey
	project  string
}

// Channel implements provider.Streamer. A subscription wants the id of the project, which lists tell.
func (c *client) Channel() (provider.Channel, bool) {
	return provider.Channel{ID: c.channel, Part: c.environment}, c.projectID.Load() != nil
}

// learnProject notes the id of the store's project.
func (c *client) learnProject(id string) {
	if known := c.projectID.Load(); id != "" && (known == nil || *known != id) {
		c.projectID.Store(&id)
	}
}

// Stream implements provider.Streamer. parts are environments.
func (c *client) Stream(ctx context.Context, parts []string, opened func(), heard func(provider.Heard)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.lifetime, cancel)()
	quiet := time.AfterFunc(requestTimeout, cancel)
	defer quiet.Stop()

	body, err := c.subscribe(ctx, parts)
	if err != nil {
		return err
	}
	defer body.Close()
	quiet.Reset(c.silence)
	opened()
	err = follow(&lively{body, func() { quiet.Reset(c.silence) }}, heard)
	return during(c.streaming(), ended(ctx, err))
}

// lively is a stream that tells of every sign of life, whole lines or not.
type lively struct {
	io.Reader
	alive func()
}

func (l *lively) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if n > 0 {
		l.alive()
	}
	return n, err
}

// subscribe opens a stream.
func (c *client) subscribe(ctx context.Context, parts []string) (io.ReadCloser, error) {
	id := c.projectID.Load()
	if id == nil {
		return nil, provider.Errorf(provider.Unavailable, "%s: the id of the project is not known yet", c.streaming())
	}
	request, _ := json.Marshal(subscription{ProjectID: *id, Register: registrations(parts)}) // Texts always encode.
	var stream io.ReadCloser
	x, err := c.withToken(ctx, func(token string) *exchange {
		var x *exchange
		x, stream = c.connection.stream(ctx, token, request)
		return x
	})
	switch {
	case err != nil:
		return nil, err
	case x.failure == nil:
		return stream, nil
	case x.report != nil && x.report.Error == routeMissing:
		return nil, provider.Errorf(provider.Invalid, "%s: this version of Infisical has no event streams (HTTP %d)", c.streaming(), x.status)
	}
	return nil, x.failed(c.streaming())
}

func (c *client) streaming() string {
	return "listening to the events of project \"" + c.project + "\""
}

// subscription is the body of a request for a stream.
type subscription struct {
	ProjectID string         `json:"projectId"`
	Register  []registration `json:"register"`
}

type registration struct {
	Event      string      `json:"event"`
	Conditions *conditions `json:"conditions,omitempty"`
}

type conditions struct {
	EnvironmentSlug string `json:"environmentSlug"`
	SecretPath      string `json:"secretPath"`
}

// registrations name what to tell of, at most ten. One environment is named twice: some servers tell of what begins with a
// path, others of what a pattern matches. Several do not fit, so it is the whole project then.
func registrations(environments []string) []registration {
	var all []registration
	for _, event := range []string{"secret:create", "secret:update", "secret:delete", "secret:import-mutation"} {
		if len(environments) != 1 {
			all = append(all, registration{Event: event})
			continue
		}
		for _, path := range []string{"/", "/**"} {
			all = append(all, registration{Event: event, Conditions: &conditions{environments[0], path}})
		}
	}
	return all
}

// stream asks for a stream. Where the exchange has no failure the stream is the caller's to close.
func (c *connection) stream(ctx context.Context, token string, body []byte) (*exchange, io.ReadCloser) {
	x := &exchange{ctx: ctx, transport: c.transport, now: c.now, limit: maxAnswerBytes}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.site+subscribePath, bytes.NewReader(body))
	if err != nil {
		_ = x.fail(provider.Errorf(provider.Invalid, "the address of the request is not valid"))
		return x, nil
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	// What is compressed comes in pieces that hold events up.
	request.Header.Set("Accept-Encoding", "identity")
	request.Header.Set("User-Agent", userAgent)
	// A round trip follows no redirects.
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		_ = x.fail(unreachable(ctx, err))
		return x, nil
	}
	x.status, x.header = response.StatusCode, response.Header
	kind, _, _ := mime.ParseMediaType(x.header.Get("Content-Type"))
	if x.status == http.StatusOK && kind == "text/event-stream" {
		return x, response.Body
	}
	defer response.Body.Close()
	answer, failure := x.read(response)
	if failure == nil {
		failure = x.judge(request, answer)
	}
	if failure == nil {
		failure = provider.Errorf(provider.Unavailable, "the answer is no stream of events (HTTP %d)", x.status)
	}
	_ = x.fail(failure)
	return x, nil
}

// Touches implements provider.Streamer: a scope shows its own folders and those that they import. What values refer to is
// not known of them, so that a change of such a secret arrives with the next poll.
func (c *client) Touches(h provider.Heard, scope provider.Scope, held provider.Picture) bool {
	if h.Part == "" || h.Path == "" {
		return h.Part == "" || h.Part == c.environment
	}
	at := place{h.Part, cleanFolder(h.Path)}
	if at.environment == c.environment && (at.folder == scope.Name || scope.Recursive && holds(scope.Name, at.folder)) {
		return true
	}
	seen, _ := held.(*picture)
	if seen == nil {
		return false
	}
	for _, s := range seen.imported {
		if s.place == at {
			return true
		}
	}
	return false
}
