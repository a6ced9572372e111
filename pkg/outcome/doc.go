// Package outcome is the one path from an ExternalSecret to the Secret that it comes to: live reads, dry runs, the secret
// subresource and the materializer all take it.
//
// A Catalog opens stores: it finds them, checks that the ExternalSecret's namespace may use them, reads their credentials
// and gives their Sources. An Evaluator asks the Sources for what a spec names, resolves it, and renders it on demand. A
// Ledger remembers what was written last, so that an unchanged ExternalSecret is neither rendered nor written again.
package outcome
