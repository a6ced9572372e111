package onepassword

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	sdk "github.com/1Password/connect-sdk-go/connect"
	sdkmodel "github.com/1Password/connect-sdk-go/onepassword"
	"github.com/opentracing/opentracing-go"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/wire"
)

// scheme is the scheme of the URLs that the SDK is given: the host of such a URL is the number of a call.
const scheme = "onepassword-connect"

// oldestWithFiles is what the SDK wants to see in the version header before it reads files. A proxy may have dropped the
// header, and the SDK takes that for an older server.
const oldestWithFiles = "1.3.0"

// maxErrorBody is how much of an error's body is read: Connect's are some hundred bytes.
const maxErrorBody = 64 << 10

// bridge carries the SDK's requests to Connect. The SDK takes no context, reads a status from the body, follows redirects
// and has no limits; the bridge puts the context of the call on the request and sees to the rest.
type bridge struct {
	next  atomic.Uint64
	calls sync.Map // number of the call → *call
}

// sharedBridge makes the bridge and registers it, once. It must be process-wide because what it hangs on is: the SDK sends
// everything through http.DefaultClient, and starts a tracer that dials out unless a global one is set.
var sharedBridge = sync.OnceValues(func() (*bridge, error) {
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok || http.DefaultClient.Transport != nil {
		return nil, provider.Errorf(provider.Unavailable,
			"the SDK of 1Password cannot be used: something in this process replaced the default HTTP transport")
	}
	if !opentracing.IsGlobalTracerRegistered() {
		opentracing.SetGlobalTracer(opentracing.NoopTracer{})
	}
	b := &bridge{}
	transport.RegisterProtocol(scheme, b)
	return b, nil
})

// call is one request on its way through the SDK.
type call struct {
	ctx       context.Context
	base      *url.URL
	transport http.RoundTripper
	// limit is the most bytes that an answer may have.
	limit int64
	// check reads of an answer what the SDK's model drops. Its error means that the answer makes no sense; the text of the
	// error is thrown away.
	check func(h http.Header, body []byte) error
	// retryAfter is what the answer said.
	retryAfter time.Duration
}

// begin takes a call and returns the address that leads the SDK to it, and what ends it.
func (b *bridge) begin(c *call) (address string, end func()) {
	number := strconv.FormatUint(b.next.Add(1), 10)
	b.calls.Store(number, c)
	return scheme + "://" + number, func() { b.calls.Delete(number) }
}

// RoundTrip implements http.RoundTripper. The whole body is read here, so that one that is cut, too long or no JSON is an
// error instead of an empty answer. A failure that is not an HTTP status is returned as a *provider.Error.
func (b *bridge) RoundTrip(r *http.Request) (*http.Response, error) {
	found, ok := b.calls.Load(r.URL.Host)
	if !ok || r.Method != http.MethodGet {
		return nil, provider.Errorf(provider.Unavailable, "the SDK sent a request that nobody asked for")
	}
	c := found.(*call)
	request, err := http.NewRequestWithContext(c.ctx, http.MethodGet, c.base.JoinPath(r.URL.EscapedPath()).String(), nil)
	if err != nil {
		return nil, provider.Errorf(provider.Invalid, "the address of the request is not valid")
	}
	request.Header.Set("Accept", "application/json")
	for _, name := range []string{"Authorization", "User-Agent"} {
		request.Header.Set(name, r.Header.Get(name))
	}
	status, end := 0, provider.RequestBegins(c.ctx, routeOf(r.URL.Path))
	defer func() { end(status) }()
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return nil, wire.Failure(c.ctx, err)
	}
	defer response.Body.Close()
	status = response.StatusCode
	return c.read(r, response)
}

// read turns Connect's answer into one that the SDK cannot misread.
func (c *call) read(r *http.Request, response *http.Response) (*http.Response, error) {
	status := response.StatusCode
	c.retryAfter = wire.RetryAfter(response.Header, time.Now())
	if status >= 300 && status < 400 {
		return nil, provider.Errorf(provider.Unavailable, "the server answered with a redirect (HTTP %d), which is not followed", status)
	}
	if status != http.StatusOK {
		return answer(r, response, errorBody(status, response.Body)), nil
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, c.limit+1))
	if err != nil {
		return nil, wire.Failure(c.ctx, err)
	}
	if int64(len(body)) > c.limit {
		return nil, provider.Errorf(provider.Unavailable, "the answer is longer than %d bytes", c.limit)
	}
	if err := c.check(response.Header, body); err != nil {
		return nil, provider.Errorf(provider.Unavailable, "the answer is not one of a Connect server")
	}
	return answer(r, response, body), nil
}

// errorBody is an error as the SDK expects it, with the true status. The message is Connect's where the body is one of
// Connect's errors, and empty otherwise.
func errorBody(status int, from io.Reader) []byte {
	told := sdkmodel.Error{}
	body, err := io.ReadAll(io.LimitReader(from, maxErrorBody))
	if err != nil || json.Unmarshal(body, &told) != nil || told.StatusCode != status {
		told.Message = ""
	}
	told.StatusCode = status
	out, _ := json.Marshal(told) // A number and a string always encode.
	return out
}

// answer is a response with a body that has been read already.
func answer(r *http.Request, from *http.Response, body []byte) *http.Response {
	header := http.Header{"Content-Type": {from.Header.Get("Content-Type")}}
	version := from.Header.Get(sdk.VersionHeaderKey)
	if version == "" {
		version = oldestWithFiles
	}
	header.Set(sdk.VersionHeaderKey, version)
	return &http.Response{
		Status: from.Status, StatusCode: from.StatusCode, Proto: from.Proto, ProtoMajor: from.ProtoMajor, ProtoMinor: from.ProtoMinor,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}
