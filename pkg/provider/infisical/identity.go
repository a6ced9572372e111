package infisical

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/go-resty/resty/v2"
	apiauth "github.com/infisical/go-sdk/packages/api/auth"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

const (
	// holdOff is how long a refused login is not tried again. Infisical locks an identity for five minutes after three
	// refusals within thirty seconds, and locks out those with the right secret too.
	holdOff = time.Minute
	// maxLoginPause bounds what a server can ask for that limits the rate of logins.
	maxLoginPause = 5 * time.Minute
	// maxTokenLife bounds what a server may claim.
	maxTokenLife = 365 * 24 * time.Hour
)

// token is an access token. It is immutable.
type token struct {
	text string
	// renew is when a new one is asked for, end when this one is over; both zero where it has no end.
	renew, end time.Time
}

func (t *token) over(now time.Time) bool { return !t.end.IsZero() && !now.Before(t.end) }
func (t *token) due(now time.Time) bool  { return !t.renew.IsZero() && !now.Before(t.renew) }

// identity holds the login of all stores with equal credentials: at most one login is under way, and none is tried while
// a refusal is fresh. A login is made by the call that needs it, in its time; others wait for it.
type identity struct {
	credential *credential
	now        func() time.Time

	mu     sync.Mutex
	token  *token
	proven bool // token was accepted once
	login  *login
	hold   hold
}

// login is one that is under way. The other fields are set before done is closed.
type login struct {
	done  chan struct{}
	token *token
	err   error
	// abandoned tells that its caller went away: this has told nothing about the login.
	abandoned bool
}

// hold is until when no login is tried, and what is answered instead.
type hold struct {
	until time.Time
	err   error
}

// answer is what is said at now: who asks for a rest is left alone until the hold is over, and not as long once more.
func (h hold) answer(now time.Time) error {
	var failed *provider.Error
	if !errors.As(h.err, &failed) || failed.RetryAfter == 0 {
		return h.err
	}
	told := *failed
	told.RetryAfter = h.until.Sub(now)
	return &told
}

func newIdentity(c *credential, now func() time.Time) *identity {
	i := &identity{credential: c, now: now}
	if c.login == nil {
		i.token = &token{text: c.token}
	}
	return i
}

// current is the token to use. It logs in where there is none or the one that there is should be renewed; where that
// fails and the token is not over, it is used on.
func (i *identity) current(ctx context.Context, via *connection) (*token, error) {
	for {
		held, l, mine, err := i.decide()
		switch {
		case held != nil || err != nil:
			return held, err
		case mine:
			return i.logIn(ctx, via, l)
		}
		select {
		case <-l.done:
		case <-ctx.Done():
			return nil, unreachable(ctx, ctx.Err())
		}
		if !l.abandoned {
			return l.token, l.err
		}
	}
}

// decide is a token, or the login to wait for or to make (mine), or why there is neither.
func (i *identity) decide() (held *token, l *login, mine bool, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.now()
	holding := now.Before(i.hold.until)
	switch {
	case i.token != nil && !i.token.over(now) && (!i.token.due(now) || holding || i.login != nil):
		return i.token, nil, false, nil
	case holding:
		return nil, nil, false, i.hold.answer(now)
	case i.login != nil:
		return nil, i.login, false, nil
	}
	i.login = &login{done: make(chan struct{})}
	return nil, i.login, true, nil
}

// logIn makes the login l.
func (i *identity) logIn(ctx context.Context, via *connection, l *login) (*token, error) {
	issued, failure := i.ask(ctx, via)

	i.mu.Lock()
	defer i.mu.Unlock()
	defer close(l.done)
	now := i.now()
	i.login = nil
	l.token, l.err = issued, failure
	if l.err == nil {
		i.token, i.proven, i.hold = l.token, false, hold{}
		return l.token, nil
	}
	l.abandoned = ctx.Err() != nil
	i.hold = holdAfter(l.err, now)
	if i.token != nil && !i.token.over(now) {
		// The next attempt to renew it is as far off as one after a refusal.
		i.token = &token{text: i.token.text, renew: now.Add(holdOff), end: i.token.end}
		return i.token, nil
	}
	return nil, l.err
}

// ask asks for an access token.
func (i *identity) ask(ctx context.Context, via *connection) (*token, error) {
	proof, failure := i.credential.proof(ctx)
	if failure != nil {
		return nil, during("logging in", failure)
	}
	var answer apiauth.MachineIdentityAuthLoginResponse
	x := via.send(ctx, "", maxAnswerBytes, func(rest *resty.Client) (err error) {
		answer, err = i.credential.login(rest, proof)
		return err
	})
	return readLogin(x, answer, i.credential.hint, i.now())
}

// readLogin is the token of a login, or why there is none.
func readLogin(x *exchange, answer apiauth.MachineIdentityAuthLoginResponse, hint string, now time.Time) (*token, error) {
	if x.failure != nil {
		switch x.failure.Reason {
		case provider.Unauthenticated, provider.Forbidden, provider.ScopeNotFound:
			refused := provider.Errorf(provider.Unauthenticated, "logging in: the credential was refused (HTTP %d)", x.status)
			if hint != "" {
				refused.Message += ": " + hint
			}
			return nil, refused
		}
		return nil, x.failed("logging in")
	}
	if answer.AccessToken == "" || !printable(answer.AccessToken) {
		return nil, provider.Errorf(provider.Unavailable, "logging in: the answer holds no access token (HTTP %d)", x.status)
	}
	t := &token{text: answer.AccessToken}
	if answer.ExpiresIn > 0 {
		life := time.Duration(min(answer.ExpiresIn, int64(maxTokenLife/time.Second))) * time.Second
		t.end = now.Add(life)
		// Replicas that logged in together do not do so for ever.
		t.renew = now.Add(life/5*4 - rand.N(life/20+1))
	}
	return t, nil
}

// holdAfter says how long a failed login is not tried again: a refusal for a while, and as long as the server asks. What
// merely did not work may be tried at once.
func holdAfter(err error, now time.Time) hold {
	switch provider.ReasonOf(err) {
	case provider.Unauthenticated, provider.Invalid:
		return hold{until: now.Add(holdOff), err: err}
	case provider.RateLimited:
		return hold{until: now.Add(min(provider.RetryAfterOf(err), maxLoginPause)), err: err}
	}
	return hold{}
}

// replace is the token to use after refused was not accepted. Only the first call for a token leads to a login.
func (i *identity) replace(ctx context.Context, via *connection, refused *token, why error) (*token, error) {
	if i.credential.login == nil {
		return nil, why
	}
	i.mu.Lock()
	i.drop(refused)
	i.mu.Unlock()
	return i.current(ctx, via)
}

// accept notes that a token works.
func (i *identity) accept(t *token) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.token != nil && i.token.text == t.text {
		i.proven = true
	}
}

// reject notes that a token was refused as soon as it was issued. One that has never worked is like a refused login:
// another would be refused as well.
func (i *identity) reject(t *token, why error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.drop(t) && !i.proven {
		i.hold = hold{until: i.now().Add(holdOff), err: why}
	}
}

func (i *identity) drop(t *token) bool {
	if i.token == nil || i.token.text != t.text {
		return false
	}
	i.token = nil
	return true
}

// untried tells a token that is used as it is and that no request has shown to work yet.
func (i *identity) untried() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.credential.login == nil && !i.proven
}
