package infisical

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/wire"
)

// report is the body of Infisical's own errors. Its message is compared here and shown nowhere.
type report struct {
	StatusCode int             `json:"statusCode"`
	Error      string          `json:"error"`
	Message    json.RawMessage `json:"message"`
}

// readReport is the report in a body, nil where there is none: then something else than Infisical answered.
func readReport(status int, body []byte) *report {
	var r report
	if err := json.Unmarshal(body, &r); err != nil || r.StatusCode != status {
		return nil
	}
	return &r
}

// absent tells the report that there is no secret of that name from those that a folder, environment or project is not
// there, which are 404 as well.
func (r *report) absent(name string) bool {
	var message string
	if r == nil || r.StatusCode != http.StatusNotFound || json.Unmarshal(r.Message, &message) != nil {
		return false
	}
	return strings.HasPrefix(message, "Secret with name '"+name+"'")
}

// routeMissing is the class of the report that the server has no such address. Infisical's own classes have no spaces.
const routeMissing = "Not Found"

// classify says what an answer other than a success means. Infisical answers an expired token with 403 and the class
// TokenError, a withdrawn one with 401. An error that is not Infisical's own is some proxy's, whatever its status.
func classify(status int, r *report, retryAfter time.Duration) *provider.Error {
	reason, what := provider.Unavailable, "the answer is not Infisical's"
	switch {
	case status == http.StatusTooManyRequests:
		reason, what = provider.RateLimited, "Infisical asks for fewer requests"
	case status >= 300 && status < 400:
		what = "a redirect, which is not followed"
	case status >= 500:
		what = "Infisical has failed"
	case r == nil:
	case status == http.StatusUnauthorized, status == http.StatusForbidden && r.Error == "TokenError":
		reason, what = provider.Unauthenticated, "the access token was refused"
	case status == http.StatusForbidden:
		reason, what = provider.Forbidden, "permission denied"
	case status == http.StatusNotFound && r.Error == routeMissing:
		what = "there is no such API at hostAPI"
	case status == http.StatusNotFound:
		reason, what = provider.ScopeNotFound, "there is no such folder, environment or project"
	case status == http.StatusRequestTimeout:
		what = "Infisical gave up waiting"
	case status >= 400:
		reason, what = provider.Invalid, "Infisical does not accept the request"
	}
	e := provider.Errorf(reason, "%s (HTTP %d)", what, status)
	e.RetryAfter = retryAfter
	return e
}

// unreachable says why there was no whole answer. Of err nothing is shown: it names addresses.
func unreachable(ctx context.Context, err error) *provider.Error {
	failed := wire.Failure(ctx, err)
	failed.Message = "Infisical cannot be reached: " + failed.Message
	return failed
}
