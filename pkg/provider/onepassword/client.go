package onepassword

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/live-secrets/external-secrets-apiserver/pkg/pattern"
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

	// closed ends with Close.
	closed context.Context
	close  func()

	mu sync.Mutex
	// ids are the vaults' ids by the title in the spec, as far as they are known.
	ids map[string]string
}

var _ provider.Client = &client{}

func newClient(base *url.URL, token value.Value, vaults []string, b *bridge, transport http.RoundTripper, release func()) *client {
	closed, cancel := context.WithCancel(context.Background())
	c := &client{
		base: base, token: token, bridge: b, transport: transport,
		closed: closed, close: func() { cancel(); release() }, ids: map[string]string{},
	}
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
		if _, err := compileName(n.Name); err != nil {
			return nil, err
		}
	default:
		return nil, provider.Errorf(provider.Invalid, "1Password cannot answer a need of the kind %q", n.Kind)
	}
	return slices.Clone(c.scopes), nil
}

// compileName compiles the name of a find; nil matches everything.
func compileName(name string) (*regexp.Regexp, error) {
	if name == "" {
		return nil, nil
	}
	compiled, err := pattern.Compile(name)
	if err != nil {
		return nil, provider.Errorf(provider.Invalid, "find.name.regexp: %v", err)
	}
	return compiled.Regexp, nil
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

// Confirm implements provider.Client. An item that was renamed, archived where Connect shows as much, or only left out of a
// list is still there under its id.
func (c *client) Confirm(ctx context.Context, n provider.Need, last *provider.Answer) error {
	if n.Kind != provider.KindValue && n.Kind != provider.KindMap {
		return provider.Errorf(provider.Invalid, "a find cannot be gone")
	}
	if last == nil {
		return provider.Errorf(provider.Unavailable, "key %q was never seen: nothing shows that it is gone", n.Key)
	}
	vaultID, itemID, ok := strings.Cut(last.ID, "/")
	if !ok {
		return provider.Errorf(provider.Unavailable, "the item of key %q is not known: nothing shows that it is gone", n.Key)
	}
	_, err := c.readItem(ctx, last.Scope.Name, vaultID, itemID)
	switch {
	case err == nil:
		return provider.Errorf(provider.Unavailable, "the item that key %q led to is still there", n.Key)
	case errors.Is(err, errNoItem):
		return nil
	}
	return err
}
