package source

import (
	"context"
	"math/rand/v2"
	"time"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// Bounds of what a store's retrySettings may ask for. The comment on the field tells users of them.
const (
	mostRetries   = 10
	shortestRetry = 100 * time.Millisecond
	defaultRetry  = time.Second
)

// retry says how often a call of the provider is tried again, and how far apart. The zero value tries nothing again.
type retry struct {
	most     int
	interval time.Duration
}

// retryOf reads a store's retrySettings. Admission lets no interval through that does not parse.
func retryOf(settings *v1.SecretStoreRetrySettings) retry {
	if settings == nil || settings.MaxRetries == nil {
		return retry{}
	}
	r := retry{most: int(min(*settings.MaxRetries, mostRetries)), interval: defaultRetry}
	if settings.RetryInterval != nil {
		if d, err := time.ParseDuration(*settings.RetryInterval); err == nil {
			r.interval = d
		}
	}
	r.interval = max(r.interval, shortestRetry)
	return r
}

// after tells how long after a failure another try makes sense, and false where none does: a provider that has answered
// would say the same again. One that asks for fewer requests has to say until when.
func (r retry) after(err error) (time.Duration, bool) {
	asked := provider.RetryAfterOf(err)
	switch provider.ReasonOf(err) {
	case provider.Unavailable:
		return max(r.interval, asked), true
	case provider.RateLimited:
		return max(r.interval, asked), asked > 0
	}
	return 0, false
}

// awaitRetry waits until a call that failed may be tried again, and takes the try from the site's budget. It returns false
// where it may not: the next poll tries again in any case.
func (c *client) awaitRetry(deadline context.Context, by payer, err error) bool {
	wait, ok := c.retry.after(err)
	// What failed together does not come back together. A provider that says when is not asked before.
	wait += rand.N(wait/10 + 1)
	until, _ := deadline.Deadline()
	if !ok || time.Until(until) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return c.site.take(by, time.Now()) == nil
	case <-c.retired:
	case <-deadline.Done():
	}
	return false
}
