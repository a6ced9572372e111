package infisical

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"time"

	"github.com/go-resty/resty/v2"
	apisecrets "github.com/infisical/go-sdk/packages/api/secrets"
	"github.com/infisical/go-sdk/packages/models"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// rowMore is what the SDK's model of a secret drops.
type rowMore struct {
	Hidden    bool   `json:"secretValueHidden"`
	UpdatedAt string `json:"updatedAt"`
	// Value is here for its presence alone.
	Value isString `json:"secretValue"`
}

// updated is zero where the server does not say, as for imported secrets.
func (m rowMore) updated() time.Time {
	at, err := time.Parse(time.RFC3339, m.UpdatedAt)
	if err != nil {
		return time.Time{}
	}
	return at
}

// isString tells a JSON string from another value and from none.
type isString bool

// UnmarshalJSON implements json.Unmarshaler.
func (s *isString) UnmarshalJSON(b []byte) error {
	*s = len(b) > 0 && b[0] == '"'
	return nil
}

// listMore is what the SDK's model of a list drops, in the list's order. Pointers tell what is missing from what is empty.
type listMore struct {
	Secrets *[]rowMore `json:"secrets"`
	Imports *[]struct {
		Secrets *[]rowMore `json:"secrets"`
	} `json:"imports"`
}

// matches tells whether all arrays are there and of the lengths that the SDK found.
func (m listMore) matches(answer apisecrets.ListSecretsV3RawResponse) bool {
	if m.Secrets == nil || len(*m.Secrets) != len(answer.Secrets) || m.Imports == nil || len(*m.Imports) != len(answer.Imports) {
		return false
	}
	for n, block := range *m.Imports {
		if block.Secrets == nil || len(*block.Secrets) != len(answer.Imports[n].Secrets) {
			return false
		}
	}
	return true
}

// list asks what a scope shows now. held is returned where nothing has changed; nil asks unconditionally.
func (c *client) list(ctx context.Context, scope provider.Scope, held *picture) (*picture, error) {
	request := apisecrets.ListSecretsV3RawRequest{
		ProjectSlug: c.project, Environment: c.environment, SecretPath: scope.Name, Recursive: scope.Recursive,
		IncludeImports: true, ExpandSecretReferences: c.expand,
	}
	if held != nil {
		request.IfNoneMatch = held.etag
	}
	var answer apisecrets.ListSecretsV3RawResponse
	x, err := c.ask(ctx, maxListBytes, func(rest *resty.Client) (err error) {
		answer, err = apisecrets.CallListSecretsV3(nil, rest, request)
		return err
	})
	if err != nil {
		return nil, err
	}
	if x.failure != nil {
		return nil, x.failed(c.listing(scope))
	}
	if x.notModified {
		return held, nil
	}
	return c.readList(scope, answer, x.body)
}

// readList makes a picture of a list, if the answer is one.
func (c *client) readList(scope provider.Scope, answer apisecrets.ListSecretsV3RawResponse, body []byte) (*picture, error) {
	p := &picture{
		scope: scope, version: answer.ETag, etag: answer.ETag,
		direct: map[string]map[string]*secret{}, imported: map[string]*secret{},
	}
	if p.version == "" {
		digest := sha256.Sum256(body)
		p.version = hex.EncodeToString(digest[:])
	}
	malformed := func(what string) error {
		return provider.Errorf(provider.Unavailable, "%s: the answer is not a list of secrets: %s", c.listing(scope), what)
	}

	var more listMore
	if err := json.Unmarshal(body, &more); err != nil || !more.matches(answer) {
		return nil, malformed("secrets or imports are missing")
	}
	for n, row := range answer.Secrets {
		folder := scope.Name
		if scope.Recursive {
			if folder = row.SecretPath; folder == "" {
				return nil, malformed("a secret without its folder")
			}
			folder = cleanFolder(folder)
		}
		if !holds(scope.Name, folder) {
			// Infisical compares paths as texts: a list of /app and all below it has /app2 as well.
			continue
		}
		if !p.add(row, (*more.Secrets)[n], place{c.environment, folder}, p.addDirect) {
			return nil, malformed("a secret without its key or value")
		}
		c.learnProject(row.Workspace)
	}
	for n, block := range slices.Backward(answer.Imports) {
		from := place{block.Environment, cleanFolder(block.SecretPath)}
		for m, row := range block.Secrets {
			if !p.add(row, (*(*more.Imports)[n].Secrets)[m], from, p.addImported) {
				return nil, malformed("an imported secret without its key or value")
			}
		}
	}
	return p, nil
}

// add puts one row into the picture, if it is one. Personal overrides are not for machines.
func (p *picture) add(row models.Secret, more rowMore, at place, add func(*secret)) bool {
	if row.SecretKey == "" || !more.whole() {
		return false
	}
	if row.Type != "personal" {
		add(newSecret(row, more, at))
	}
	return true
}

// whole tells whether the row has a value, or says that it is hidden.
func (m rowMore) whole() bool { return bool(m.Value) || m.Hidden }

// get asks for one secret by name, at a version or, with 0, as it is now. absent tells that Infisical says that there is
// no secret of that name in that folder, which exists.
func (c *client) get(ctx context.Context, a address, version int) (s *secret, absent bool, err error) {
	var answer apisecrets.RetrieveSecretV3RawResponse
	x, err := c.ask(ctx, maxAnswerBytes, func(rest *resty.Client) (err error) {
		answer, err = apisecrets.CallRetrieveSecretV3(nil, rest, apisecrets.RetrieveSecretV3RawRequest{
			// The SDK puts the name into the address as it is.
			SecretKey:   url.PathEscape(a.name),
			ProjectSlug: c.project, Environment: c.environment, SecretPath: a.folder, Version: version,
			Type: "shared", IncludeImports: true, ExpandSecretReferences: c.expand,
		})
		return err
	})
	if err != nil {
		return nil, false, err
	}
	doing := c.reading(a)
	if x.failure != nil {
		return nil, x.report.absent(a.name), x.failed(doing)
	}
	var more struct {
		Secret *rowMore `json:"secret"`
	}
	row := answer.Secret
	if err := json.Unmarshal(x.body, &more); err != nil || more.Secret == nil || !more.Secret.whole() || row.SecretKey != a.name {
		return nil, false, provider.Errorf(provider.Unavailable, "%s: the answer is not that secret", doing)
	}
	return newSecret(row, *more.Secret, place{cmp.Or(row.Environment, c.environment), cmp.Or(row.SecretPath, a.folder)}), false, nil
}
