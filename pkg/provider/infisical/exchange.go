package infisical

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/go-resty/resty/v2"
	sdkerrors "github.com/infisical/go-sdk/packages/errors"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/wire"
)

const (
	// maxListBytes caps a list of secrets, decompressed; maxAnswerBytes every other answer.
	maxListBytes   = 32 << 20
	maxAnswerBytes = 4 << 20
)

// exchange is one request and its answer. It is the transport of the SDK's client for that one request, and so sees what
// the SDK does not show: the context, the true status, the error's class, headers and the whole body.
type exchange struct {
	ctx       context.Context
	transport http.RoundTripper
	now       func() time.Time
	limit     int64

	status int
	header http.Header
	// body of a success.
	body []byte
	// notModified is set on a 304 that was asked for.
	notModified bool
	// report is the body of a failure that Infisical itself sent.
	report *report
	// failure is nil after a success and a notModified.
	failure *provider.Error
}

// send makes the request that call asks the SDK for.
func (c *connection) send(ctx context.Context, token string, limit int64, call func(*resty.Client) error) *exchange {
	x := &exchange{ctx: ctx, transport: c.transport, now: c.now, limit: limit}
	// A client holds its token and more in plain fields: one for each request is the way to share nothing.
	rest := resty.NewWithClient(&http.Client{Transport: x}).
		SetBaseURL(c.site).
		SetHeader("User-Agent", userAgent).
		SetLogger(quiet{}).
		SetAuthToken(token)
	err := call(rest)
	var notModified *sdkerrors.NotModifiedError
	if err != nil && x.failure == nil && !(x.notModified && errors.As(err, &notModified)) {
		// The SDK could make no request, or could not read an answer that its transport let through.
		_ = x.fail(provider.Errorf(provider.Unavailable, "the answer does not have the form of Infisical's (HTTP %d)", x.status))
	}
	return x
}

// RoundTrip implements http.RoundTripper. It lets a success in JSON and a 304 that was asked for through, and nothing else.
func (x *exchange) RoundTrip(request *http.Request) (*http.Response, error) {
	request = x.prepare(request)
	end := provider.RequestBegins(x.ctx, routeOf(request.Method, request.URL.Path))
	defer func() { end(x.status) }()
	response, err := x.transport.RoundTrip(request)
	if err != nil {
		return nil, x.fail(unreachable(x.ctx, err))
	}
	defer response.Body.Close()
	x.status, x.header = response.StatusCode, response.Header
	body, failure := x.read(response)
	if failure != nil {
		return nil, x.fail(failure)
	}
	if failure := x.judge(request, body); failure != nil {
		return nil, x.fail(failure)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// prepare gives the request the call's context and the parameters that the SDK leaves out; an empty workspaceId it sends.
func (x *exchange) prepare(request *http.Request) *http.Request {
	request = request.Clone(x.ctx)
	if request.Method == http.MethodGet {
		query := request.URL.Query()
		query.Set("viewSecretValue", "true")
		if query.Get("workspaceId") == "" {
			query.Del("workspaceId")
		}
		request.URL.RawQuery = query.Encode()
	}
	return request
}

// read is the whole body, which a limit caps after decompression.
func (x *exchange) read(response *http.Response) ([]byte, *provider.Error) {
	body, err := io.ReadAll(io.LimitReader(response.Body, x.limit+1))
	switch {
	case err != nil && x.ctx.Err() != nil:
		return nil, unreachable(x.ctx, err)
	case err != nil:
		return nil, provider.Errorf(provider.Unavailable, "the answer was cut short (HTTP %d)", x.status)
	case int64(len(body)) > x.limit:
		return nil, provider.Errorf(provider.Unavailable, "the answer is larger than %d MiB (HTTP %d)", x.limit>>20, x.status)
	}
	return body, nil
}

// judge tells a success, and a 304 that was asked for, from everything else.
func (x *exchange) judge(request *http.Request, body []byte) *provider.Error {
	if x.status == http.StatusNotModified && request.Header.Get("If-None-Match") != "" {
		x.notModified = true
		return nil
	}
	json := resty.IsJSONType(x.header.Get("Content-Type"))
	if x.status == http.StatusOK && json {
		x.body = body
		return nil
	}
	if json {
		x.report = readReport(x.status, body)
	}
	return classify(x.status, x.report, wire.RetryAfter(x.header, x.now()))
}

func (x *exchange) fail(failure *provider.Error) *provider.Error {
	x.failure = failure
	return failure
}

// failed is the failure with what was being done.
func (x *exchange) failed(doing string) *provider.Error { return during(doing, x.failure) }

// during is a failure with what was being done.
func during(doing string, failure *provider.Error) *provider.Error {
	told := *failure
	told.Message = doing + ": " + told.Message
	return &told
}

// tokenRefused tells a token that is not accepted (any more) from one that may not do this.
func (x *exchange) tokenRefused() bool {
	return x.failure != nil && x.failure.Reason == provider.Unauthenticated
}

// authenticated tells whether the answer shows that the token was accepted.
func (x *exchange) authenticated() bool {
	return x.failure == nil || x.failure.Reason == provider.Forbidden || x.failure.Reason == provider.ScopeNotFound
}

// quiet is a logger for resty, whose own writes addresses to standard error.
type quiet struct{}

func (quiet) Errorf(string, ...any) {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Debugf(string, ...any) {}
