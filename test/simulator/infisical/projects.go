package infisical

import "path"

type environmentWire struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Slug string `json:"slug"`
}

type projectWire struct {
	ID           string            `json:"id"`
	OldID        string            `json:"_id"`
	Name         string            `json:"name"`
	Slug         string            `json:"slug"`
	OrgID        string            `json:"orgId"`
	Environments []environmentWire `json:"environments"`
}

func (s *Server) getProject(c *call) (any, error) {
	slug := c.PathValue("slug")
	for _, p := range s.projects {
		if p.slug != slug {
			continue
		}
		if !c.identity.member(p) {
			return nil, notMember(p)
		}
		out := projectWire{ID: p.id, OldID: p.id, Name: p.slug, Slug: p.slug, OrgID: p.organization}
		for _, env := range p.environments {
			out.Environments = append(out.Environments, environmentWire{env.id, env.slug, env.slug})
		}
		return out, nil
	}
	return nil, notFound("Project with slug '%s' not found", slug)
}

type folderWire struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Path string `json:"path"`
}

// listFolders answers with the folders right below a path.
func (s *Server) listFolders(c *call) (any, error) {
	values := c.URL.Query()
	p, err := c.project(values)
	if err != nil {
		return nil, err
	}
	slug := values.Get("environment")
	if p == nil || slug == "" {
		return nil, badRequest("Missing project id or environment")
	}
	at := cleanPath(values.Get("path"))
	if p.folder(slug, at) == nil {
		return nil, notFound("Folder with path '%s' in environment with slug '%s' not found", at, slug)
	}
	folders := []folderWire{}
	for _, f := range p.environment(slug).subtree(at) {
		if f.path != at && path.Dir(f.path) == at {
			folders = append(folders, folderWire{f.id, path.Base(f.path), f.path})
		}
	}
	return map[string]any{"folders": folders}, nil
}
