package infisical

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// call is an authenticated request. Its handler holds the server's lock.
type call struct {
	*http.Request
	server   *Server
	identity *identity
}

// authenticated wraps a handler that needs a token; the server is locked while
// it runs.
func (s *Server) authenticated(next func(*call) (any, error)) handler {
	return func(r *http.Request) (any, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		t, err := s.authenticate(r)
		if err != nil {
			return nil, err
		}
		return next(&call{Request: r, server: s, identity: t.identity})
	}
}

// query is what the routes of secrets take. Booleans are the words true and
// false and nothing else.
type query struct {
	project     *project
	environment string
	path        string
	view        bool
	expand      bool
	imports     bool
	recursive   bool
	version     int
	tags        []string
}

// query reads and checks a request's parameters in the server's order: their
// form, then what must be there, then the project.
func (c *call) query() (*query, error) {
	values := c.URL.Query()
	q := &query{environment: values.Get("environment"), path: cleanPath(values.Get("secretPath"))}
	for _, flag := range []struct {
		name     string
		fallback bool
		target   *bool
	}{
		{"viewSecretValue", true, &q.view},
		{"expandSecretReferences", false, &q.expand},
		{"include_imports", false, &q.imports},
		{"recursive", false, &q.recursive},
	} {
		if err := boolean(values, flag.name, flag.fallback, flag.target); err != nil {
			return nil, err
		}
	}
	if kind := values.Get("type"); values.Has("type") && kind != "shared" && kind != "personal" {
		return nil, invalidChoice("type", "'shared' | 'personal'", kind)
	}
	if text := values.Get("version"); text != "" {
		version, err := strconv.Atoi(text)
		if err != nil {
			return nil, invalid("invalid_type", "version", "Expected number, received nan")
		}
		q.version = version
	}
	if slugs := values.Get("tagSlugs"); slugs != "" {
		q.tags = strings.Split(slugs, ",")
	}
	p, err := c.project(values)
	if err != nil {
		return nil, err
	}
	if p == nil || q.environment == "" {
		return nil, badRequest("Missing project id or environment")
	}
	q.project = p
	return q, nil
}

// project finds the project that a request names, nil when it names none:
// version 4 by projectId alone, version 3 by id or slug.
func (c *call) project(values url.Values) (*project, error) {
	id, slug := values.Get("workspaceId"), values.Get("workspaceSlug")
	if strings.HasPrefix(c.URL.Path, "/api/v4/") || strings.HasPrefix(c.URL.Path, "/api/v2/") {
		id, slug = values.Get("projectId"), ""
	}
	if id == "" && slug == "" {
		return nil, nil
	}
	for _, p := range c.server.projects {
		if id != "" && p.id != id || id == "" && p.slug != slug {
			continue
		}
		if !c.identity.member(p) {
			return nil, notMember(p)
		}
		return p, nil
	}
	if id != "" {
		return nil, notFound("Project with ID '%s' not found", id)
	}
	return nil, notFound("No project found with slug '%s'", slug)
}

func boolean(values url.Values, name string, fallback bool, target *bool) error {
	*target = fallback
	if !values.Has(name) {
		return nil
	}
	switch text := values.Get(name); text {
	case "true":
		*target = true
	case "false":
		*target = false
	default:
		return invalidChoice(name, "'true' | 'false'", text)
	}
	return nil
}

func invalidChoice(field, allowed, got string) error {
	return invalid("invalid_enum_value", field, fmt.Sprintf("Invalid enum value. Expected %s, received '%s'", allowed, got))
}
