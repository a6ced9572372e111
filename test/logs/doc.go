// Package logs holds docs/operations/logs-and-traces.md against the code: the lines of the log with their levels and keys, the
// spans and their attributes.
package logs
