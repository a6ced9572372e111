// Package secret writes the Secrets that ExternalSecrets ask for.
//
// Plan decides, without any I/O, what becomes of a target: what is written, what is left, what is refused. Client reads and
// writes through the quiet client. The marks on a Secret and the field manager of its writes are those of External Secrets
// Operator (ESO), so that an installation of it can be taken over without rewriting a Secret.
package secret
