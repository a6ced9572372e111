package infisical

import (
	"fmt"
	"slices"
	"strings"
)

// defaultEnvironments are those of a new project.
var defaultEnvironments = []string{"dev", "staging", "prod"}

// AddProject adds a project and returns its id. Without environments it has
// dev, staging and prod, each with the folder "/".
func (s *Server) AddProject(slug string, environments ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addProject(slug, environments)
}

func (s *Server) addProject(slug string, environments []string) string {
	if len(environments) == 0 {
		environments = defaultEnvironments
	}
	p := &project{id: newUUID(), slug: slug, organization: "simulated-organization"}
	for _, name := range environments {
		env := &environment{id: newUUID(), slug: name, folders: map[string]*folder{}}
		env.ensure("/")
		p.environments = append(p.environments, env)
	}
	s.projects = append(s.projects, p)
	return p.id
}

// DeleteProject deletes a project, named by id or slug.
func (s *Server) DeleteProject(idOrSlug string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleteProject(s.mustFind(idOrSlug))
}

func (s *Server) deleteProject(gone *project) {
	s.projects = slices.DeleteFunc(s.projects, func(p *project) bool { return p == gone })
}

// RecreateProject replaces a project by an empty one with the same slug and
// environments, and returns its new id.
func (s *Server) RecreateProject(idOrSlug string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.mustFind(idOrSlug)
	var environments []string
	for _, env := range old.environments {
		environments = append(environments, env.slug)
	}
	s.deleteProject(old)
	return s.addProject(old.slug, environments)
}

// AddFolder adds a folder and those above it.
func (s *Server) AddFolder(projectIDOrSlug, environment, at string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustFind(projectIDOrSlug).mustEnvironment(environment).ensure(at)
}

// DeleteFolder deletes a folder and all below it.
func (s *Server) DeleteFolder(projectIDOrSlug, environment, at string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	env := s.mustFind(projectIDOrSlug).mustEnvironment(environment)
	for _, f := range env.subtree(at) {
		delete(env.folders, f.path)
	}
}

// SetSecret sets the value of a secret, which is added with its folders when
// it is missing. As the server does, it trims the value but for one newline at
// its end. Another value is a new version.
func (s *Server) SetSecret(projectIDOrSlug, environment, at, key, value string) {
	s.EditSecret(projectIDOrSlug, environment, at, key, func(secret *Secret) { secret.Value = value })
}

// EditSecret changes a secret, which is added with its folders when it is missing.
func (s *Server) EditSecret(projectIDOrSlug, environment, at, key string, edit func(*Secret)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.mustFind(projectIDOrSlug)
	f := p.mustEnvironment(environment).ensure(at)
	now, eventType := s.clock(), "secret:update"
	stored := f.secrets[key]
	if stored == nil {
		stored = &secret{id: newUUID(), key: key, createdAt: now}
		f.secrets[key] = stored
		eventType = "secret:create"
	}
	edit(&stored.Secret)
	stored.Value = trimValue(stored.Value)
	stored.updatedAt = now
	stored.version++
	stored.values = append(stored.values, stored.Value)
	s.publish(change{project: p.id, kind: eventType, environment: environment, path: f.path, key: key})
}

// Find returns a secret, and whether there is one.
func (s *Server) Find(projectIDOrSlug, environment, at, key string) (Secret, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.find(projectIDOrSlug)
	if p == nil {
		return Secret{}, false
	}
	f := p.folder(environment, at)
	if f == nil || f.secrets[key] == nil {
		return Secret{}, false
	}
	return f.secrets[key].Secret, true
}

// HasEnvironment says whether there is such a project with such an environment.
func (s *Server) HasEnvironment(projectIDOrSlug, environment string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.find(projectIDOrSlug)
	return p != nil && p.environment(environment) != nil
}

// DeleteSecret deletes a secret.
func (s *Server) DeleteSecret(projectIDOrSlug, environment, at, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.mustFind(projectIDOrSlug)
	f := p.folder(environment, at)
	if f == nil || f.secrets[key] == nil {
		panic(fmt.Sprintf("no simulated secret %q in %s of %q", key, at, environment))
	}
	delete(f.secrets, key)
	s.publish(change{project: p.id, kind: "secret:delete", environment: environment, path: f.path, key: key})
}

// AddImport makes a folder import the secrets of another one of its project,
// after the imports that it has.
func (s *Server) AddImport(projectIDOrSlug, environment, at, fromEnvironment, fromPath string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.mustFind(projectIDOrSlug)
	f := p.mustEnvironment(environment).ensure(at)
	f.imports = append(f.imports, source{environment: fromEnvironment, path: cleanPath(fromPath)})
	s.publish(change{project: p.id, kind: "secret:import-mutation", environment: environment, path: f.path})
}

// find returns a project by id or slug, or nil.
func (s *Server) find(idOrSlug string) *project {
	for _, p := range s.projects {
		if p.id == idOrSlug || p.slug == idOrSlug {
			return p
		}
	}
	return nil
}

// mustFind panics when there is no such project: that is a mistake in a test.
func (s *Server) mustFind(idOrSlug string) *project {
	if p := s.find(idOrSlug); p != nil {
		return p
	}
	panic(fmt.Sprintf("no simulated project %q", idOrSlug))
}

func (p *project) mustEnvironment(slug string) *environment {
	if env := p.environment(slug); env != nil {
		return env
	}
	panic(fmt.Sprintf("no simulated environment %q in project %q", slug, p.slug))
}

func trimValue(value string) string {
	trimmed := strings.TrimSpace(value)
	if strings.HasSuffix(value, "\n") {
		return trimmed + "\n"
	}
	return trimmed
}
