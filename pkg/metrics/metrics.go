// Package metrics holds the project's own metrics, under the names and labels of External Secrets Operator where it has
// the same, so that dashboards and alerts go on working.
package metrics
