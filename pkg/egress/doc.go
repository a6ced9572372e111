// Package egress keeps whoever may write SecretStores from pointing this server at addresses that it reaches and they do
// not: those inside the cluster's network, of the node, of the cloud's metadata.
//
// A Policy is asked twice. When a store is written and when it is connected, its host must be one that is allowed, by the
// name or the address in its URL. When a connection is made, so must the address be that is really dialled: names lead where
// whoever has their DNS says, and may lead somewhere else a moment later.
//
// Through a proxy only the first question can be asked. The proxy looks names up, and where they lead is for it to say.
//
// An address is judged by its class (address.go), from public to that of a cloud's metadata, and a host by how far it may lead: to
// public addresses, to private ones too, or to those alone that are allowed by themselves. Way makes of that what a transport
// dials with.
package egress
