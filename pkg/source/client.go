package source

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
)

// client calls a provider.Client: with a deadline, measured, tried again where the store asks for it, and such that every
// error is a *provider.Error and a panic is one too. The value of a panic is never shown: it may hold what the provider sent.
type client struct {
	provider.Client
	name string
	// label is what logs and traces call the store.
	label   string
	timeout time.Duration
	retry   retry
	site    *site
	// retired is that of the Source: its calls are not tried again.
	retired <-chan struct{}
	metrics Metrics
	log     *slog.Logger
	// tracing begins the traces of what no caller waits for; nil for none.
	tracing trace.TracerProvider
}

// outcome is how a call ended. failure is nil where it ended well, and stopped says that the Sources ended it.
type outcome struct {
	failure *failure
	stopped bool
	// span is that of the call, for those who waited for it.
	span tracing.Span
}

// shown is what a revalidation showed.
type shown struct {
	picture provider.Picture
	size    int64
	// same is set where it is the picture that was held.
	same bool
}

func (c *client) revalidate(ctx context.Context, by payer, scope provider.Scope, held provider.Picture, thorough bool) (s shown, o outcome) {
	return c.show(ctx, by, scope, held, func(ctx context.Context) (provider.Picture, error) {
		return c.Revalidate(ctx, scope, held, thorough)
	})
}

// show makes a call that shows a scope.
func (c *client) show(ctx context.Context, by payer, scope provider.Scope, held provider.Picture,
	ask func(context.Context) (provider.Picture, error)) (s shown, o outcome) {
	o = c.call(ctx, Revalidate, by, func(ctx context.Context) error {
		picture, err := ask(ctx)
		if err != nil {
			return err
		}
		if picture == nil {
			return provider.Errorf(provider.Unavailable, "%q: the provider showed nothing", scope.Name)
		}
		s = shown{picture: picture, size: picture.Size(), same: picture == held}
		return nil
	})
	return s, o
}

func (c *client) load(ctx context.Context, by payer, scope provider.Scope, picture provider.Picture, id provider.PartID) (part provider.Part, size int64, o outcome) {
	o = c.call(ctx, Load, by, func(ctx context.Context) (err error) {
		part, err = c.Load(ctx, scope, picture, id)
		if err != nil {
			return err
		}
		if part == nil {
			return provider.Errorf(provider.Unavailable, "%q: the provider showed nothing of an item", scope.Name)
		}
		size = part.Size()
		return nil
	})
	return part, size, o
}

// call makes a call of the provider, for which a token of the site was taken. A try that had only what time others left of
// the deadline, and did not end in it, says nothing: the failure before it stands.
func (c *client) call(ctx context.Context, op Operation, by payer, do func(context.Context) error) outcome {
	ctx, span := c.begin(ctx, op, by)
	defer span.End()
	deadline, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	failed := c.try(deadline, op, by, do)
	retries := 0
	for ; retries < c.retry.most && failed != nil && c.awaitRetry(deadline, by, failed.err); retries++ {
		again := c.try(deadline, op, by, do)
		if again != nil && again.missed {
			break
		}
		failed = again
	}
	span.Retries(retries)
	if failed != nil {
		span.Failed(string(provider.ReasonOf(failed.err)))
	}
	return outcome{failure: failed, stopped: ctx.Err() != nil, span: span}
}

// try makes a call once. It returns nil where it ended well. Each request beyond the first is charged to the site's budget
// when it is sent, and a provider that asks for fewer is left alone as long as it says, whatever the call was for.
func (c *client) try(deadline context.Context, op Operation, by payer, do func(context.Context) error) *failure {
	began := time.Now()
	var sent atomic.Int64
	counted := provider.WithRequests(deadline, func(route string) func(int) {
		begins := time.Now()
		c.metrics.RequestSent(c.name, op)
		if sent.Add(1) > 1 {
			c.site.charge(by, begins)
		}
		span := beginRequest(deadline, route)
		return func(status int) {
			endRequest(span, status)
			c.metrics.RequestAnswered(c.name, route, status, time.Since(begins))
		}
	})
	err := c.guard(string(op), func() error { return do(counted) })
	var reason provider.Reason
	var failed *failure
	if err != nil {
		reason = provider.ReasonOf(err)
		failed = &failure{err: err, began: began, missed: errors.Is(deadline.Err(), context.DeadlineExceeded)}
		if asked := min(provider.RetryAfterOf(err), maxPause); reason == provider.RateLimited && asked > 0 {
			c.site.pause(time.Now().Add(asked))
		}
	}
	c.metrics.RequestDone(c.name, op, reason, time.Since(began))
	return failed
}

func (c *client) scopes(n provider.Need, known []provider.Scope) (scopes []provider.Scope, err error) {
	err = c.guard("scopes", func() (err error) {
		scopes, err = c.Scopes(n, known)
		return err
	})
	return scopes, err
}

func (c *client) lookup(n provider.Need, view provider.View) (answer provider.Answer, missing []provider.WantedPart, err error) {
	err = c.guard("lookup", func() (err error) {
		answer, missing, err = c.Lookup(n, view)
		return err
	})
	return answer, missing, err
}

func (c *client) list(view provider.View) (keys []provider.RemoteKey, err error) {
	err = c.guard("list", func() (err error) {
		keys, err = c.List(view)
		return err
	})
	return keys, err
}

func (c *client) guard(what string, do func() error) (err error) {
	defer func() {
		if recover() == nil {
			return
		}
		c.log.Error("Provider panicked: this is a bug", "provider", c.name, "call", what, "stack", string(debug.Stack()))
		err = provider.Errorf(provider.Unavailable, "the provider's code failed; the server's log has the place")
	}()
	return asError(do())
}

// asError gives an error that a provider did not make into an Error the one Reason that promises nothing. Its text may be
// anybody's and is dropped.
func asError(err error) error {
	var e *provider.Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return &provider.Error{Reason: provider.Unavailable, Message: "the provider could not be read", Cause: err}
}
