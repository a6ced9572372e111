package onepassword

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"time"

	sdk "github.com/1Password/connect-sdk-go/connect"
	sdkmodel "github.com/1Password/connect-sdk-go/onepassword"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// The most bytes of an answer. A row of a list has some 400 bytes, so a list of 16 MiB has about 40 000 items, more than a
// Secret could ever need. An item or a file beyond 4 MiB cannot go into a Secret, which holds 1 MiB.
const (
	maxList = 16 << 20
	maxItem = 4 << 20
	maxFile = 4 << 20
)

// requestTimeout bounds each request whatever deadline its caller has: a body that trickles must end as well.
const requestTimeout = 30 * time.Second

// Busy servers before 1.8 answer 403 now and then although the token is good (1Password/connect issue 82), so that one 403
// proves nothing.
const (
	forbiddenTries = 3
	forbiddenPause = 50 * time.Millisecond
)

// userAgent is what Connect logs.
const userAgent = "external-secrets-apiserver"

const closedMessage = "the connection of the store was closed"

// errNoItem is the Cause where Connect says, of the item itself, that there is none.
var errNoItem = errors.New("no such item")

var (
	idPattern     = regexp.MustCompile(`^[a-z0-9]{26}$`)
	noItemPattern = regexp.MustCompile(`(?i)^item\b.*\bnot found\b`)
)

// request is what a call asks for, in the words that its errors begin with, and what its answer may be.
type request struct {
	subject string
	limit   int64
	check   func(h http.Header, body []byte) error
	// absent is the Reason of a 404 of Connect's own.
	absent provider.Reason
}

// send makes a request through the SDK and tries again where Connect forbids it. get must make exactly one request.
func send[T any](ctx context.Context, c *client, r request, get func(sdk.Client) (T, error)) (T, error) {
	for try := 1; ; try++ {
		result, err := sendOnce(ctx, c, r, get)
		if err == nil {
			return result, nil
		}
		if err.Reason != provider.Forbidden || try == forbiddenTries || !pause(ctx, forbiddenPause<<(try-1)) {
			return result, err
		}
	}
}

func sendOnce[T any](ctx context.Context, c *client, r request, get func(sdk.Client) (T, error)) (T, *provider.Error) {
	var none T
	if c.closed.Err() != nil {
		return none, &provider.Error{Reason: provider.Unavailable, Message: r.subject + ": " + closedMessage, Cause: context.Canceled}
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	defer context.AfterFunc(c.closed, cancel)()

	under := &call{ctx: ctx, base: c.base, transport: c.transport, limit: r.limit, check: r.check}
	address, end := c.bridge.begin(under)
	defer end()
	result, err := get(sdk.NewClientWithUserAgent(address, string(c.token.Bytes()), userAgent))
	if err == nil {
		return result, nil
	}
	failed := failure(r, under, err)
	if c.closed.Err() != nil && failed.Cause != nil {
		failed.Message = closedMessage
	}
	failed.Message = r.subject + ": " + failed.Message
	return none, failed
}

// pause waits between half and one and a half of d. It is false where ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d/2 + rand.N(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// failure classifies what the SDK returned. Nothing of its text, and nothing of Connect's, is passed on.
func failure(r request, under *call, err error) *provider.Error {
	var ours *provider.Error
	if errors.As(err, &ours) {
		return &provider.Error{Reason: ours.Reason, Message: ours.Message, Cause: ours.Cause}
	}
	var status *sdkmodel.Error
	if !errors.As(err, &status) {
		return provider.Errorf(provider.Unavailable, "the answer is not one of a Connect server")
	}
	failed := ofStatus(r, status)
	if failed.Reason == provider.RateLimited || failed.Reason == provider.Unavailable {
		failed.RetryAfter = under.retryAfter
	}
	return failed
}

func ofStatus(r request, status *sdkmodel.Error) *provider.Error {
	switch status.StatusCode {
	case http.StatusBadRequest:
		return provider.Errorf(provider.Invalid, "Connect did not accept the request (HTTP 400)")
	case http.StatusUnauthorized:
		return provider.Errorf(provider.Unauthenticated, "Connect refused the access token (HTTP 401)")
	case http.StatusForbidden:
		return provider.Errorf(provider.Forbidden, "the access token does not allow this (HTTP 403)")
	case http.StatusNotFound:
		return ofNotFound(r, status.Message)
	case http.StatusTooManyRequests:
		return provider.Errorf(provider.RateLimited, "Connect asks for fewer requests (HTTP 429)")
	}
	return provider.Errorf(provider.Unavailable, "Connect answered HTTP %d", status.StatusCode)
}

// ofNotFound tells a 404 of Connect's own, which has a message, from one of something in between.
func ofNotFound(r request, message string) *provider.Error {
	switch {
	case message == "":
		return provider.Errorf(provider.Unavailable, "HTTP 404 that is not Connect's own: does connectHost lead to a Connect server?")
	case noItemPattern.MatchString(message):
		failed := provider.Errorf(r.absent, "Connect has no such item (HTTP 404)")
		failed.Cause = errNoItem
		return failed
	case strings.Contains(strings.ToLower(message), "vault"):
		return provider.Errorf(provider.ScopeNotFound, "Connect has no such vault (HTTP 404)")
	}
	return provider.Errorf(r.absent, "not found (HTTP 404)")
}

// jsonOf is the check of an answer that is a JSON document with the fields of T.
func jsonOf[T any](use func(T) error) func(http.Header, []byte) error {
	return func(_ http.Header, body []byte) error {
		var decoded *T
		if err := json.Unmarshal(body, &decoded); err != nil {
			return err
		}
		if decoded == nil {
			return errors.New("null")
		}
		return use(*decoded)
	}
}
