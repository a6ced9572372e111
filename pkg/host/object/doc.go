// Package object writes the targets of ExternalSecrets that are no Secrets: ConfigMaps, custom resources.
//
// Decide plans, without any I/O, what becomes of a target; Client reads and writes through the quiet client; Find tells where
// the host serves a kind. Owners, marks, refusals and the field manager are those of package secret.
//
// Writes are creates and updates over the resourceVersion that was seen, as for Secrets. Server-side apply would know which
// fields are ours without reading them, but it cannot be told that an object must not exist, so that a former leader that
// wakes up could change what the present one wrote; and what is created by a create belongs to another manager than what is
// applied later, although both have one name. An update is laid over the object as it was read: what the server defaulted and
// what controllers wrote is sent back as it was.
package object
