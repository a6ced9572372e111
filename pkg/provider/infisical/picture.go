package infisical

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/infisical/go-sdk/packages/models"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// hiddenValue stands for a value that may not be seen, in servers that do not set secretValueHidden.
const hiddenValue = "<hidden-by-infisical>"

// secret is one secret as a list shows it.
type secret struct {
	place
	key, id, comment string
	version          int
	updated          time.Time
	tags             []string
	metadata         []models.SecretMetadata
	value            value.Value
	// hidden tells that the identity may know of the secret and not read it.
	hidden bool
}

// secretOverhead is about what a secret takes beside its texts.
const secretOverhead = 256

// place is where a secret is. Its texts are shared by all secrets of one list.
type place struct{ environment, folder string }

func newSecret(row models.Secret, more rowMore, at place) *secret {
	s := &secret{
		place: at, key: row.SecretKey, id: row.ID, comment: row.SecretComment, version: row.Version, updated: more.updated(),
		metadata: slices.Clip(row.SecretMetadata),
		value:    value.FromString(row.SecretValue),
		hidden:   more.Hidden || row.SecretValue == hiddenValue,
	}
	for _, tag := range row.Tags {
		s.tags = append(s.tags, tag.Slug)
	}
	return s
}

func (s *secret) size() int64 {
	n := secretOverhead + len(s.key) + len(s.id) + len(s.comment) + s.value.Len()
	for _, tag := range s.tags {
		n += len(tag) + 16
	}
	for _, m := range s.metadata {
		n += len(m.Key) + len(m.Value) + 32
	}
	return int64(n)
}

// tagged tells whether the secret has all of the tags.
func (s *secret) tagged(tags []string) bool {
	return !slices.ContainsFunc(tags, func(tag string) bool { return !slices.Contains(s.tags, tag) })
}

// picture is one list: the Picture of a Scope, and the Part that stands for a folder's own list.
type picture struct {
	scope provider.Scope
	// version changes whenever the answer does: its ETag, or a digest where there is none; etag says which.
	version string
	etag    string
	// direct are the secrets of each folder by key, imported those that the folders import, merged.
	direct   map[string]map[string]*secret
	imported map[string]*secret
	size     int64
}

// Size implements provider.Picture and provider.Part.
func (p *picture) Size() int64 { return p.size }

// own is a secret of a folder itself.
func (p *picture) own(a address) *secret { return p.direct[a.folder][a.name] }

// lookup is a secret of the folder of a list that is not recursive, or one that it imports.
func (p *picture) lookup(a address) *secret {
	if s := p.own(a); s != nil {
		return s
	}
	return p.imported[a.name]
}

func (p *picture) addDirect(s *secret) {
	folder := p.direct[s.folder]
	if folder == nil {
		folder = map[string]*secret{}
		p.direct[s.folder] = folder
	}
	if folder[s.key] == nil {
		folder[s.key] = s
		p.size += s.size()
	}
}

// addImported adds a secret unless its key is known: blocks are added from the last to the first.
func (p *picture) addImported(s *secret) {
	if p.imported[s.key] == nil {
		p.imported[s.key] = s
		p.size += s.size()
	}
}

// folders are in the order in which a find prefers them: nearest to the root first.
func (p *picture) folders() []string {
	return slices.SortedFunc(maps.Keys(p.direct), func(a, b string) int {
		return cmp.Or(cmp.Compare(depth(a), depth(b)), strings.Compare(a, b))
	})
}
