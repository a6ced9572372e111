// Package semantics has no code but its tests: they hold docs/semantics.md against the schema, so that every field and
// value of the kinds is described there once and every description names tests that exist; and the pages for operators against
// the words of conditions and events and the flags of the server.
package semantics
