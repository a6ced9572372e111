// Package quiet is the one way to Secrets and ConfigMaps of the host cluster: a client that logs nothing at any verbosity
// and whose errors hold nothing of what was read or written.
//
// client-go logs the bodies of requests and answers at -v=8 and above, an API server quotes what it finds invalid, and an
// admission webhook answers in its own words. Metadata is no exception: the annotation that kubectl apply leaves on a
// Secret holds the Secret. So every request goes out under a logger that is silent, and every error is rebuilt from its
// code, its reason and names that the caller knows.
package quiet
