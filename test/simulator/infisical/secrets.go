package infisical

import (
	"maps"
	"slices"
	"strings"
)

// hiddenValue stands for a value that may not be seen.
const hiddenValue = "<hidden-by-infisical>"

// secretWire is a secret as the API sends it.
type secretWire struct {
	ID                    string         `json:"id"`
	OldID                 string         `json:"_id"`
	Workspace             string         `json:"workspace"`
	Environment           string         `json:"environment"`
	Version               int            `json:"version"`
	Type                  string         `json:"type"`
	SecretKey             string         `json:"secretKey"`
	SecretValue           string         `json:"secretValue"`
	SecretComment         string         `json:"secretComment"`
	ReminderNote          *string        `json:"secretReminderNote"`
	ReminderRepeatDays    *int           `json:"secretReminderRepeatDays"`
	SkipMultilineEncoding bool           `json:"skipMultilineEncoding"`
	CreatedAt             string         `json:"createdAt,omitempty"`
	UpdatedAt             string         `json:"updatedAt,omitempty"`
	SecretPath            string         `json:"secretPath"`
	SecretValueHidden     bool           `json:"secretValueHidden"`
	SecretMetadata        []metadataWire `json:"secretMetadata"`
	Tags                  []tagWire      `json:"tags"`
}

type metadataWire struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type tagWire struct {
	ID    string `json:"id"`
	Slug  string `json:"slug"`
	Name  string `json:"name"`
	Color string `json:"color"`
}

type listResponse struct {
	Secrets []secretWire `json:"secrets"`
	Imports []importWire `json:"imports"`
}

type secretResponse struct {
	Secret secretWire `json:"secret"`
}

func (s *Server) listSecrets(c *call) (any, error) {
	q, err := c.query()
	if err != nil {
		return nil, err
	}
	folders := q.listed()
	if len(folders) == 0 && s.behaviour.EmptyForMissing {
		return listResponse{Secrets: []secretWire{}, Imports: []importWire{}}, nil
	}
	if len(folders) == 0 {
		missing := notFound("Folder with path '%s' in environment '%s' was not found. Please ensure the environment slug and secret path is correct.", q.path, q.environment)
		missing.Name = "SecretPathNotFound"
		return nil, missing
	}
	if access := c.identity.access(q.project, q.environment, q.path); access == None || access == Describe && q.view {
		return nil, denied(q.environment, q.path)
	}
	out := listResponse{Secrets: []secretWire{}, Imports: []importWire{}}
	for _, f := range folders {
		rows, err := c.rows(q, f)
		if err != nil {
			return nil, err
		}
		out.Secrets = append(out.Secrets, rows...)
	}
	if q.imports {
		out.Imports = c.importBlocks(q, folders)
	}
	s.audits++
	return out, nil
}

// listed are the folders of a list. As in the server, a recursive list has every
// folder whose path begins with the text of the one that is asked for: of /app,
// /app2 as well.
func (q *query) listed() []*folder {
	env := q.project.environment(q.environment)
	switch {
	case env == nil:
		return nil
	case !q.recursive && env.folders[q.path] == nil:
		return nil
	case !q.recursive:
		return []*folder{env.folders[q.path]}
	}
	var out []*folder
	for _, f := range env.subtree("/") {
		if strings.HasPrefix(f.path, q.path) {
			out = append(out, f)
		}
	}
	return out
}

// rows are the secrets of one folder: none where nothing may be seen, masked
// where values may not.
func (c *call) rows(q *query, f *folder) ([]secretWire, error) {
	access := c.identity.access(q.project, q.environment, f.path)
	if access == None {
		return nil, nil
	}
	var out []secretWire
	for _, stored := range f.sorted() {
		if !stored.tagged(q.tags) {
			continue
		}
		row := stored.wire(q.project.id, q.environment, f.path, q.view && access == Full)
		if err := c.expandRow(q, &row); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

func (s *Server) getSecret(c *call) (any, error) {
	q, err := c.query()
	if err != nil {
		return nil, err
	}
	f := q.project.folder(q.environment, q.path)
	if f == nil {
		missing := notFound("Folder with path '%s' in environment with slug '%s' not found", q.path, q.environment)
		missing.Name = "GetSecretByName"
		return nil, missing
	}
	if access := c.identity.access(q.project, q.environment, q.path); access == None || access == Describe && q.view {
		return nil, denied(q.environment, q.path)
	}
	name := c.PathValue("name")
	if stored := f.secrets[name]; stored != nil {
		s.audits++
		return c.one(q, f, stored)
	}
	if q.imports {
		if row := c.imported(q, f, name); row != nil {
			s.audits++
			return secretResponse{*row}, nil
		}
	}
	return nil, notFound("Secret with name '%s' not found", name)
}

func (s *Server) getSecretByID(c *call) (any, error) {
	id := c.PathValue("id")
	for _, p := range s.projects {
		for _, env := range p.environments {
			for _, f := range env.subtree("/") {
				stored := f.byID(id)
				if stored == nil {
					continue
				}
				if !c.identity.member(p) {
					return nil, notMember(p)
				}
				if c.identity.access(p, env.slug, f.path) != Full {
					return nil, denied(env.slug, f.path)
				}
				s.audits++
				return c.one(&query{project: p, environment: env.slug, path: f.path, view: true}, f, stored)
			}
		}
	}
	return nil, notFound("Secret with ID '%s' not found", id)
}

// one answers with a secret of a folder, in the version that was asked for.
func (c *call) one(q *query, f *folder, stored *secret) (any, error) {
	row := stored.wire(q.project.id, q.environment, f.path, q.view)
	if q.version > len(stored.values) {
		return nil, notFound("Secret with name '%s' not found", stored.key)
	}
	if q.version > 0 {
		row.Version = q.version
	}
	if q.version > 0 && !row.SecretValueHidden {
		row.SecretValue = stored.values[q.version-1]
	}
	if err := c.expandRow(q, &row); err != nil {
		return nil, err
	}
	return secretResponse{row}, nil
}

// expandRow resolves the references in a secret that is seen, when asked to.
func (c *call) expandRow(q *query, row *secretWire) error {
	if !q.expand || row.SecretValueHidden {
		return nil
	}
	expanded, err := c.expander().expand(row.SecretValue, row.SecretKey, row.SkipMultilineEncoding,
		place{q.project, row.Environment, row.SecretPath})
	if err != nil {
		return err
	}
	row.SecretValue = expanded
	return nil
}

func (f *folder) byID(id string) *secret {
	for _, stored := range f.secrets {
		if stored.id == id {
			return stored
		}
	}
	return nil
}

func (s *secret) tagged(slugs []string) bool {
	return len(slugs) == 0 || slices.ContainsFunc(slugs, func(slug string) bool { return slices.Contains(s.Tags, slug) })
}

func (s *secret) wire(workspace, environment, at string, view bool) secretWire {
	out := secretWire{
		ID: s.id, OldID: s.id, Workspace: workspace, Environment: environment,
		Version: s.version, Type: "shared", SecretKey: s.key, SecretValue: s.Value, SecretComment: s.Comment,
		SkipMultilineEncoding: s.SkipMultilineEncoding,
		CreatedAt:             stamp(s.createdAt), UpdatedAt: stamp(s.updatedAt),
		SecretPath: at, SecretMetadata: []metadataWire{}, Tags: []tagWire{},
	}
	if !view || s.Hidden {
		out.SecretValue, out.SecretValueHidden = hiddenValue, true
	}
	for _, key := range slices.Sorted(maps.Keys(s.Metadata)) {
		out.SecretMetadata = append(out.SecretMetadata, metadataWire{key, s.Metadata[key]})
	}
	for _, slug := range s.Tags {
		out.Tags = append(out.Tags, tagWire{ID: "tag-" + slug, Slug: slug, Name: slug, Color: "#fff"})
	}
	return out
}
