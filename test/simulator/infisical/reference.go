package infisical

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// maxReferenceDepth is how deep references in referenced values are followed.
const maxReferenceDepth = 10

var referencePattern = regexp.MustCompile(`\$\{([a-zA-Z0-9\-_.@]+)\}`)

// place is a folder of an environment of a project.
type place struct {
	project     *project
	environment string
	path        string
}

func (p place) id(key string) string {
	return strings.Join([]string{p.project.id, p.environment, p.path, key}, ":")
}

// expander resolves references in values for one identity.
type expander struct {
	server   *Server
	identity *identity
	empty    bool
}

func (c *call) expander() *expander {
	return &expander{server: c.server, identity: c.identity, empty: c.server.behaviour.EmptyReferences}
}

// expand resolves the references in a text, the value of a secret at a place.
// A value of several lines becomes one quoted line when it is to be encoded.
func (e *expander) expand(text, key string, encode bool, at place) (string, error) {
	if !referencePattern.MatchString(text) {
		return text, nil
	}
	out, err := e.resolve(text, at, 0, []string{at.id(key)})
	if err != nil {
		return "", &failure{
			Status:  http.StatusForbidden,
			Name:    "ForbiddenRequestError",
			Message: "Failed to expand one or more secret references",
			Details: []string{err.Error()},
		}
	}
	if encode && strings.Contains(out, "\n") {
		out = `"` + strings.ReplaceAll(out, "\n", `\n`) + `"`
	}
	return out, nil
}

// resolve replaces the references in a text. One that leads back to a secret
// on its own way, or too deep, stays as it is written.
func (e *expander) resolve(text string, at place, depth int, visited []string) (string, error) {
	if depth > maxReferenceDepth {
		return text, nil
	}
	var failed error
	out := referencePattern.ReplaceAllStringFunc(text, func(written string) string {
		key, to := e.target(strings.TrimSuffix(strings.TrimPrefix(written, "${"), "}"), at)
		if to.project == nil || slices.Contains(visited, to.id(key)) {
			return written
		}
		if e.identity.access(to.project, to.environment, to.path) != Full {
			failed = fmt.Errorf("you do not have permission to read secret '%s' in environment '%s' at path '%s'", key, to.environment, to.path)
			return written
		}
		f := to.project.folder(to.environment, to.path)
		if f == nil || f.secrets[key] == nil {
			if e.empty {
				return ""
			}
			return written
		}
		resolved, err := e.resolve(f.secrets[key].Value, to, depth+1, append(slices.Clone(visited), to.id(key)))
		if err != nil {
			failed = err
		}
		return resolved
	})
	return out, failed
}

// target reads a reference: KEY, env.folder.KEY, or @project.env.folder.KEY.
// Its place has no project when there is none, or none that may be shared.
func (e *expander) target(reference string, at place) (key string, to place) {
	parts := strings.Split(reference, ".")
	if len(parts) == 1 {
		return reference, at
	}
	to.project = at.project
	if strings.HasPrefix(parts[0], "@") {
		to.project = e.server.find(parts[0][1:])
		if to.project != nil && !e.identity.member(to.project) {
			to.project = nil
		}
		parts = parts[1:]
	}
	if len(parts) < 2 {
		return "", place{}
	}
	to.environment = parts[0]
	to.path = cleanPath(strings.Join(parts[1:len(parts)-1], "/"))
	return parts[len(parts)-1], to
}
