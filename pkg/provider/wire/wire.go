// Package wire is what providers share that speak HTTP: failures in words that hold nothing of the peer's, waiting times,
// and transports of which one site's stores share one.
package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// maxRetryAfter bounds what a peer can ask for: a mistaken header must not silence a store for days.
const maxRetryAfter = time.Hour

// RetryAfter reads the header Retry-After, in seconds or as a date (RFC 9110, section 10.2.3); zero where it is absent or
// makes no sense.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), int64(maxRetryAfter/time.Second))) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return min(max(date.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// Failure is the error of a request that got no whole answer. ctx is that of the request.
func Failure(ctx context.Context, err error) *provider.Error {
	if ended := ctx.Err(); ended != nil {
		message := "the request was cancelled"
		if errors.Is(ended, context.DeadlineExceeded) {
			message = "no answer before the deadline"
		}
		return &provider.Error{Reason: provider.Unavailable, Message: message, Cause: ended}
	}
	return provider.Errorf(provider.Unavailable, "%s", describe(err))
}

// describe says in our words what went wrong: the texts of net and crypto can quote the peer.
func describe(err error) string {
	var (
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		unknown     x509.UnknownAuthorityError
		plain       tls.RecordHeaderError
		slow        net.Error
	)
	switch {
	case errors.Is(err, egress.ErrAddress):
		return egress.ErrAddress.Error()
	case errors.As(err, &dns):
		return "the name of the host could not be resolved"
	case errors.As(err, &certificate), errors.As(err, &unknown):
		return "the server's certificate is not trusted"
	case errors.As(err, &plain):
		return "the server does not speak TLS"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was reset"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the answer was cut short"
	case errors.As(err, &slow) && slow.Timeout():
		return "no answer in time"
	}
	return "the connection failed"
}
