package infisical

import (
	"crypto/rand"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// project and what it holds is changed in place, under the server's lock.
type project struct {
	id           string
	slug         string
	organization string
	environments []*environment
}

type environment struct {
	id      string
	slug    string
	folders map[string]*folder // by path
}

type folder struct {
	id      string
	path    string
	secrets map[string]*secret // by key
	imports []source
}

// source is the place from which a folder imports.
type source struct {
	environment string
	path        string
}

type secret struct {
	Secret
	id        string
	key       string
	version   int
	values    []string // by version, from 1
	createdAt time.Time
	updatedAt time.Time
}

// Secret is what can be set on a secret.
type Secret struct {
	Value    string
	Comment  string
	Tags     []string
	Metadata map[string]string
	// Hidden masks the value in every answer, as missing permission does.
	Hidden bool
	// SkipMultilineEncoding quotes values of several lines when they are expanded.
	SkipMultilineEncoding bool
}

func (p *project) environment(slug string) *environment {
	for _, env := range p.environments {
		if env.slug == slug {
			return env
		}
	}
	return nil
}

// folder returns the folder at a path, or nil.
func (p *project) folder(environment, at string) *folder {
	if env := p.environment(environment); env != nil {
		return env.folders[cleanPath(at)]
	}
	return nil
}

// subtree returns the folder at a path and all below it, in the order of paths.
func (e *environment) subtree(at string) []*folder {
	var out []*folder
	for _, p := range slices.Sorted(maps.Keys(e.folders)) {
		if within(p, at) {
			out = append(out, e.folders[p])
		}
	}
	return out
}

// sorted returns the folder's secrets in the order of their keys.
func (f *folder) sorted() []*secret {
	out := make([]*secret, 0, len(f.secrets))
	for _, key := range slices.Sorted(maps.Keys(f.secrets)) {
		out = append(out, f.secrets[key])
	}
	return out
}

// ensure returns the folder at a path, made with all above it when missing.
func (e *environment) ensure(at string) *folder {
	at = cleanPath(at)
	if f := e.folders[at]; f != nil {
		return f
	}
	if at != "/" {
		e.ensure(path.Dir(at))
	}
	f := &folder{id: newUUID(), path: at, secrets: map[string]*secret{}}
	e.folders[at] = f
	return f
}

// within says whether a path is a folder or lies below it.
func within(p, folder string) bool {
	folder = cleanPath(folder)
	return folder == "/" || p == folder || strings.HasPrefix(p, folder+"/")
}

// cleanPath is the path as the server stores it: "/a/b", without a slash at its end.
func cleanPath(p string) string { return path.Clean("/" + p) }

func newUUID() string {
	b := make([]byte, 16)
	rand.Read(b) // It never fails.
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// stamp is a time as JavaScript prints it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
