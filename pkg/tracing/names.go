package tracing

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
)

// Name is what a span is called.
type Name string

// The spans. docs/operations/logs-and-traces.md describes them, and a test holds it against this list.
const (
	// Evaluate finds out what stores show of the needs of ExternalSecrets.
	Evaluate Name = "evaluate"
	// Read asks one store for all that is needed of it.
	Read Name = "store.read"
	// Wait waits for calls of the provider, which may be others' doing: they are linked to.
	Wait Name = "store.wait"
	// Revalidate, Load, Confirm and Check are calls of a provider, retries included.
	Revalidate Name = "provider.revalidate"
	Load       Name = "provider.load"
	Confirm    Name = "provider.confirm"
	Check      Name = "provider.check"
	// Request is one request to a provider.
	Request Name = "provider.request"
	// Render executes templates.
	Render Name = "render"
	// Sync makes the target of an ExternalSecret what its stores show, from when that was wished for.
	Sync Name = "sync"
	// Queued waits for a worker, Parked for stores.
	Queued Name = "sync.queued"
	Parked Name = "sync.parked"
	// Write reads, decides and writes the target; Report writes the status.
	Write  Name = "sync.write"
	Report Name = "sync.report"
)

// Names are all of them.
func Names() []Name {
	return []Name{Evaluate, Read, Wait, Revalidate, Load, Confirm, Check, Request, Render, Sync, Queued, Parked, Write, Report}
}

// The attributes. Those that OpenTelemetry has names for have these.
const (
	keyNamespace  = attribute.Key("k8s.namespace.name")
	keyName       = attribute.Key("externalsecret.name")
	keyUID        = attribute.Key("externalsecret.uid")
	keyObjects    = attribute.Key("externalsecrets")
	keyStores     = attribute.Key("stores")
	keyStore      = attribute.Key("store")
	keyProvider   = attribute.Key("provider")
	keyNeeds      = attribute.Key("needs")
	keyScopes     = attribute.Key("scopes")
	keyCalls      = attribute.Key("calls")
	keyCause      = attribute.Key("cause")
	keyResult     = attribute.Key("result")
	keyRetries    = attribute.Key("retries")
	keyMethod     = attribute.Key("http.request.method")
	keyRoute      = attribute.Key("url.template")
	keyStatusCode = attribute.Key("http.response.status_code")
)

// Keys are the names of all attributes.
func Keys() []string {
	keys := []attribute.Key{
		keyNamespace, keyName, keyUID, keyObjects, keyStores, keyStore, keyProvider, keyNeeds, keyScopes, keyCalls, keyCause, keyResult,
		keyRetries, keyMethod, keyRoute, keyStatusCode,
	}
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = string(k)
	}
	return names
}

// ExternalSecret says which one a span is about.
func (s Span) ExternalSecret(namespace, name, uid string) {
	if s.span != nil {
		s.span.SetAttributes(keyNamespace.String(namespace), keyName.String(name), keyUID.String(uid))
	}
}

// Objects says how many ExternalSecrets, of how many stores, a span is about.
func (s Span) Objects(externalSecrets, stores int) {
	if s.span != nil {
		s.span.SetAttributes(keyObjects.Int(externalSecrets), keyStores.Int(stores))
	}
}

// Store says which one a span is about, as Kind/namespace/name, and the kind of its provider.
func (s Span) Store(store, provider string) {
	if s.span != nil {
		s.span.SetAttributes(keyStore.String(store), keyProvider.String(provider))
	}
}

// Needs says how much is asked for: how many keys and searches.
func (s Span) Needs(n int) { s.count(keyNeeds, n) }

// Scopes says how many vaults or folders a call is about.
func (s Span) Scopes(n int) { s.count(keyScopes, n) }

// Calls says how many calls of the provider are waited for.
func (s Span) Calls(n int) { s.count(keyCalls, n) }

// Retries says how often a call was made again.
func (s Span) Retries(n int) { s.count(keyRetries, n) }

func (s Span) count(key attribute.Key, n int) {
	if s.span != nil {
		s.span.SetAttributes(key.Int(n))
	}
}

// HTTP says what a request is: route is its path with names in braces in place of what is put there.
func (s Span) HTTP(method, route string) {
	if s.span != nil {
		s.span.SetAttributes(keyMethod.String(method), keyRoute.String(route))
	}
}

// Status is what a request was answered with.
func (s Span) Status(code int) { s.count(keyStatusCode, code) }

// Cause says why something is done, in a word that the code has.
func (s Span) Cause(word string) { s.word(keyCause, word) }

// Result says what came of it: a word that the code has, the Reason of a failure for one. Where that is a failure of what the
// span stands for, Failed says it.
func (s Span) Result(word string) { s.word(keyResult, word) }

// Failed is Result for a failure.
func (s Span) Failed(word string) {
	if s.span != nil {
		s.span.SetAttributes(keyResult.String(word))
		s.span.SetStatus(codes.Error, word)
	}
}

func (s Span) word(key attribute.Key, word string) {
	if s.span != nil {
		s.span.SetAttributes(key.String(word))
	}
}
