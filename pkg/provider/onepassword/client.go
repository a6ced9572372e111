package onepassword

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// client implements provider.Client for one store.
type client struct {
	base      *url.URL
	token     value.Value
	bridge    *bridge
	transport http.RoundTripper
	// scopes are the store's vaults in the order of look-up.
	scopes []provider.Scope
	// now is the time of one-time codes.
	now func() time.Time

	// closed ends with Close.
	closed context.Context
	close  func()

	mu sync.Mutex
	// ids are the vaults' ids by the title in the spec, as far as they are known.
	ids map[string]string
}

var _ provider.Client = &client{}

// open makes a client that says where it connects, and with what, ready for use. release is called when it is closed.
func (c *client) open(vaults []string, release func()) *client {
	closed, cancel := context.WithCancel(context.Background())
	c.closed, c.close = closed, func() { cancel(); release() }
	c.ids = map[string]string{}
	for _, name := range vaults {
		c.scopes = append(c.scopes, provider.Scope{Name: name})
	}
	return c
}

// Close implements provider.Client.
func (c *client) Close() { c.close() }

// Format keeps the inside of a client out of every verb of fmt: its transport's requests carry the token.
func (*client) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "client of 1Password Connect") }

// ListScopes implements provider.Client.
func (c *client) ListScopes() []provider.Scope { return slices.Clone(c.scopes) }

// Scopes implements provider.Client. Any vault may hold a key, and an earlier one goes before a later one.
func (c *client) Scopes(n provider.Need, _ []provider.Scope) ([]provider.Scope, error) {
	if n.Version != "" {
		return nil, provider.Errorf(provider.Invalid, "version %q: Connect serves the current version of an item only", n.Version)
	}
	switch n.Kind {
	case provider.KindValue, provider.KindMap:
		if n.Key == "" {
			return nil, provider.Errorf(provider.Invalid, "the key must be the title or the id of an item")
		}
	case provider.KindFind:
		if _, err := parseSearch(n.Name); err != nil {
			return nil, err
		}
	default:
		return nil, provider.Errorf(provider.Invalid, "1Password cannot answer a need of the kind %q", n.Kind)
	}
	return slices.Clone(c.scopes), nil
}

// Check implements provider.Client: one request, which shows whether the token is good and reaches the vaults.
func (c *client) Check(ctx context.Context) error {
	vaults, err := c.listVaults(ctx)
	if err != nil {
		return err
	}
	for _, scope := range c.scopes {
		if _, err := matchVault(scope.Name, vaults); err != nil {
			return err
		}
	}
	return nil
}
