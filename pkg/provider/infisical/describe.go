package infisical

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// description is what a Need of Metadata is answered with, as JSON: all that Infisical tells of a secret but its value.
type description struct {
	Key         string `json:"key"`
	ID          string `json:"id"`
	Environment string `json:"environment"`
	Path        string `json:"path"`
	Version     int    `json:"version"`
	// UpdatedAt is missing for imported secrets, of which Infisical does not say it.
	UpdatedAt string `json:"updatedAt,omitempty"`
	Comment   string `json:"comment,omitempty"`
	// Tags are slugs.
	Tags     []string          `json:"tags"`
	Metadata map[string]string `json:"metadata"`
}

// describe is the secret's description in JSON, the same to the byte for as long as nothing in it changes.
func (s *secret) describe() value.Value {
	d := description{
		Key: s.key, ID: s.id, Environment: s.environment, Path: s.folder, Version: s.version, Comment: s.comment,
		Tags: append([]string{}, s.tags...), Metadata: map[string]string{},
	}
	if !s.updated.IsZero() {
		d.UpdatedAt = s.updated.UTC().Format(time.RFC3339Nano)
	}
	for _, m := range s.metadata {
		d.Metadata[m.Key] = m.Value
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(d) // Texts and numbers always encode.
	return value.New(bytes.TrimSpace(text.Bytes()))
}
