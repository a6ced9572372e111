package infisical

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// client reads one store.
type client struct {
	project, environment string
	// path is the folder of bare keys, recursive says whether a find goes below it, expand whether values that refer to
	// others come with those put in.
	path              string
	recursive, expand bool

	connection *connection
	identity   *identity
	release    func()

	channel channel
	// projectID is the id of project, nil while it is not known.
	projectID atomic.Pointer[string]
	// silence ends a stream of events.
	silence time.Duration

	// lifetime ends with Close, and with it every call.
	lifetime context.Context
	end      context.CancelFunc
	closing  sync.Once
}

var _ provider.Client = (*client)(nil)

// Close implements provider.Client.
func (c *client) Close() {
	c.closing.Do(func() {
		c.end()
		c.connection.close()
		c.release()
	})
}

// ask sends a request with the identity's token, and once more with a new one where the server refuses that. The error is
// why it could not be sent; what came of it is in the exchange.
func (c *client) ask(ctx context.Context, limit int64, call func(*resty.Client) error) (*exchange, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	defer context.AfterFunc(c.lifetime, cancel)()
	return c.withToken(ctx, func(token string) *exchange { return c.connection.send(ctx, token, limit, call) })
}

// withToken makes an exchange with the identity's token, and another with a new one where the server refuses that.
func (c *client) withToken(ctx context.Context, send func(token string) *exchange) (*exchange, error) {
	held, err := c.identity.current(ctx, c.connection)
	if err != nil {
		return nil, err
	}
	x := send(held.text)
	if x.tokenRefused() {
		held, err = c.identity.replace(ctx, c.connection, held, x.failure)
		if err != nil {
			return nil, err
		}
		if x = send(held.text); x.tokenRefused() {
			c.identity.reject(held, x.failure)
			return nil, x.failure
		}
	}
	if x.authenticated() {
		c.identity.accept(held)
	}
	return x, nil
}

// Revalidate implements provider.Client. A thorough one asks for the whole list.
func (c *client) Revalidate(ctx context.Context, scope provider.Scope, held provider.Picture, thorough bool) (provider.Picture, error) {
	last, _ := held.(*picture)
	condition := last
	if thorough {
		condition = nil
	}
	now, err := c.list(ctx, scope, condition)
	switch {
	case err != nil:
		return nil, err
	case last != nil && last.version == now.version:
		return last, nil
	}
	return now, nil
}

// partID names a Part of one version of a Picture: the own list of a folder in a recursive Picture, or, with a Name, one
// version of a secret.
type partID struct {
	Picture, Folder string
	Name            string `json:",omitempty"`
	Version         int    `json:",omitempty"`
}

func (id partID) String() provider.PartID {
	b, _ := json.Marshal(id) // Texts and numbers always encode.
	return provider.PartID(b)
}

// versionPart is one version of a secret.
type versionPart struct{ *secret }

// Size implements provider.Part.
func (p versionPart) Size() int64 { return p.size() }

// Load implements provider.Client.
func (c *client) Load(ctx context.Context, _ provider.Scope, _ provider.Picture, part provider.PartID) (provider.Part, error) {
	var id partID
	if err := json.Unmarshal([]byte(part), &id); err != nil {
		return nil, provider.Errorf(provider.Invalid, "part %q is not one of Infisical's", part)
	}
	if id.Name == "" {
		return orNil(c.list(ctx, provider.Scope{Name: id.Folder}, nil))
	}
	return orNil(c.loadVersion(ctx, address{folder: id.Folder, name: id.Name}, id.Version))
}

// orNil keeps a nil of a type from becoming a Part that is not nil.
func orNil[P provider.Part](p P, err error) (provider.Part, error) {
	if err != nil {
		return nil, err
	}
	return p, nil
}

// loadVersion reads one version of a secret that is there. That the version is not there says nothing about the key.
func (c *client) loadVersion(ctx context.Context, a address, version int) (versionPart, error) {
	s, absent, err := c.get(ctx, a, version)
	switch {
	case absent:
		return versionPart{}, provider.Errorf(provider.Invalid, "%s: there is no version %d", c.reading(a), version)
	case err != nil:
		return versionPart{}, err
	case s.version != version:
		return versionPart{}, provider.Errorf(provider.Unavailable, "%s: the answer is not version %d", c.reading(a), version)
	}
	return versionPart{s}, nil
}

// Confirm implements provider.Client.
func (c *client) Confirm(ctx context.Context, n provider.Need, _ *provider.Answer) error {
	if n.Kind == provider.KindFind {
		return provider.Errorf(provider.Invalid, "a find has no key that could be gone")
	}
	a, err := c.address(n.Key)
	if err != nil {
		return err
	}
	_, absent, err := c.get(ctx, a, 0)
	switch {
	case absent:
		return nil
	case err != nil:
		return err
	}
	return provider.Errorf(provider.Unavailable, "%s: it is there when asked for by name", c.reading(a))
}

// Check implements provider.Client: that there is a login. Folders that are not there or may not be read are seen when
// something needs them. A token that is used as it is, and has not been accepted yet, is tried on the store's folder.
func (c *client) Check(ctx context.Context) error {
	if c.identity.untried() {
		_, err := c.list(ctx, provider.Scope{Name: c.path}, nil)
		switch provider.ReasonOf(err) {
		case provider.ScopeNotFound, provider.Forbidden:
			return nil
		}
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	defer context.AfterFunc(c.lifetime, cancel)()
	_, err := c.identity.current(ctx, c.connection)
	return err
}

func (c *client) listing(scope provider.Scope) string {
	return fmt.Sprintf("listing folder %q of environment %q in project %q", scope.Name, c.environment, c.project)
}

func (c *client) reading(a address) string {
	return fmt.Sprintf("reading secret %q in folder %q of environment %q in project %q", a.name, a.folder, c.environment, c.project)
}
