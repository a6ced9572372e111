// Package host is the cluster that this server is registered in: the clients and informers of it, and what they show.
//
// Of Secrets and ConfigMaps the informers hold trimmed metadata alone, whatever their number and size. Content is read when
// it is needed (package ref) or about to be replaced (package secret), through the quiet client.
package host
