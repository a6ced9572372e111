package provider

import (
	"encoding/json"
	"maps"
	"slices"
)

// Kind says what shape of answer a Need asks for.
type Kind string

const (
	// KindValue asks for one value: an entry of spec.data.
	KindValue Kind = "value"
	// KindMap asks for every property of one remote secret: dataFrom.extract.
	KindMap Kind = "map"
	// KindFind asks for everything that matches: dataFrom.find.
	KindFind Kind = "find"
)

// Need is one thing that an ExternalSecret wants of one store. It is comparable: equal Needs have equal answers.
type Need struct {
	Kind Kind
	// Key, Property and Version are those of a remoteRef; empty in a find.
	Key, Property, Version string
	// Metadata asks for what describes the remote secret (metadataPolicy Fetch) in place of its value: a JSON object.
	Metadata bool
	// Path and Name (a regular expression) are those of a find.
	Path, Name string
	// Tags is the canonical JSON of a find's tags; TagMap opens it.
	Tags string
}

// FindNeed makes the Need of a dataFrom.find.
func FindNeed(path, name string, tags map[string]string) Need {
	n := Need{Kind: KindFind, Path: path, Name: name}
	if len(tags) > 0 {
		// Go encodes maps of strings with sorted keys, and cannot fail on them.
		b, _ := json.Marshal(tags)
		n.Tags = string(b)
	}
	return n
}

// TagMap is the tags of a find.
func (n Need) TagMap() map[string]string {
	if n.Tags == "" {
		return nil
	}
	var tags map[string]string
	_ = json.Unmarshal([]byte(n.Tags), &tags)
	return tags
}

// TagNames is the sorted names of the tags of a find.
func (n Need) TagNames() []string {
	return slices.Sorted(maps.Keys(n.TagMap()))
}
