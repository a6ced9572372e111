// Package provider is the contract between Sources, which decide when a provider is asked, and providers, which know how
// to ask and how to read the answer.
//
// A provider divides what a store can see into Scopes (a 1Password vault, an Infisical folder). A Picture is what one
// revalidation of a Scope showed. What a Picture only names (a 1Password item behind its row) is a Part, loaded on its own
// and kept while its name, which includes its version, stands. Everything that does I/O is in Client.Revalidate, Load and
// Confirm; Scopes and Lookup are pure.
package provider

import (
	"context"
	"net/url"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// Provider is one kind of secret backend, as spec.provider of a store names it. It is stateless but for what Connections
// of one identity share, and safe for concurrent use.
type Provider interface {
	// Name is the field of spec.provider, such as "onepassword".
	Name() string
	// In tells whether the spec names this provider.
	In(spec *v1.SecretStoreProvider) bool
	// Validate checks this provider's part of a store's spec. path is that of the part itself (spec.provider.NAME).
	// cluster tells a ClusterSecretStore, whose references must name a namespace, from a SecretStore, whose must not name
	// another than namespace.
	Validate(spec *v1.SecretStoreProvider, path *field.Path, cluster bool, namespace string) field.ErrorList
	// References lists the objects of the host that hold the store's credentials and certificates. A reference without a
	// namespace is to the namespace of the store.
	References(spec *v1.SecretStoreProvider) []Reference
	// Site is the address that requests of this store go to, for budgets that all stores of a site share.
	Site(spec *v1.SecretStoreProvider) (*url.URL, error)
	// SiteField is the field of the provider's part that Site is read from, for messages.
	SiteField() string
	// Connect makes a client for the store. It does no I/O. material holds what every Reference leads to, by Purpose. reach
	// says where the client may connect: what clients share must not lead one of them where its own does not.
	Connect(spec *v1.SecretStoreProvider, material Material, reach *egress.Policy) (Client, error)
}

// Names is the names of providers in order, for messages that list what there is.
func Names(all []Provider) []string {
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = p.Name()
	}
	slices.Sort(names)
	return names
}

// Reference names an object of the host that a store needs.
type Reference struct {
	// Purpose distinguishes the references of one store: "token", "clientId", "clientSecret", "ca".
	Purpose string
	// ConfigMap tells a ConfigMap from a Secret.
	ConfigMap bool
	// ServiceAccount makes it a reference to a service account, which has no Key: its Material is for Tokens.Token alone.
	ServiceAccount bool
	// Audiences are whom tokens of the service account are for, at least one.
	Audiences []string
	// Namespace is empty for the store's own.
	Namespace, Name, Key string
	// Field is the path of the reference below spec, for messages: "provider.infisical.auth....clientId".
	Field string
}

// Material is what the References of a store lead to, by Purpose: the content of a key, or who a service account is. A
// store with other Material is another Source, so tokens, which are new at each login, are no part of it.
type Material map[string]value.Value

// Tokens requests tokens of service accounts. It is safe for concurrent use.
type Tokens interface {
	// Token requests a token of the service account that account stands for: the Material of a Reference to it, which
	// decides namespace, name and audiences. The token is short-lived, is not kept, and is none that the host would accept
	// itself. Errors are *Error: Invalid where asking again brings nothing, else Unavailable.
	Token(ctx context.Context, account value.Value) (value.Value, error)
}

// Warner is a Provider that has something to say about specs that it accepts.
type Warner interface {
	// Warnings are for whoever writes such a spec. path is as for Provider.Validate.
	Warnings(spec *v1.SecretStoreProvider, path *field.Path) []string
}

// Scope is the unit of revalidation: what one request of the provider shows of a store. It is comparable. Kind is for
// metrics and messages, Path and Recursive mean what the provider wants them to mean; none of it is secret.
type Scope struct {
	// Name as a person would say it: a vault's title or id, an environment's folder.
	Name string
	// Recursive tells a folder with all below it from the folder alone.
	Recursive bool
}

// Picture is what one revalidation of a Scope showed. It is immutable and safe for concurrent use.
type Picture interface {
	// Size is about how many bytes the picture holds in memory.
	Size() int64
}

// PartID names something that a Picture shows only the name of, at one version: a changed part has another PartID, and a
// PartID has one content, whatever else it leads to.
type PartID string

// Part is the content of a PartID. It is immutable.
type Part interface {
	// Size is about how many bytes the part holds in memory.
	Size() int64
}

// View is what is at hand to answer Needs: for every Scope a Picture or an error, for Parts that were asked for the part
// or an error. It is read-only while Lookup runs.
type View interface {
	// Picture of a scope, or why there is none. Exactly the scopes that Scopes named for the Need can be asked for; of any
	// other the error is ErrScopeNotNamed.
	Picture(Scope) (Picture, error)
	// Part is the part, or why it could not be loaded; ok is false where it was not loaded yet.
	Part(Scope, PartID) (part Part, err error, ok bool)
}

// ErrScopeNotNamed is a View's answer about a scope that Scopes did not name for the Need.
var ErrScopeNotNamed = Errorf(Invalid, "the scope was not asked for")

// Client reads one store. All methods are safe for concurrent use. Every error is an *Error or wraps one. Each request that
// a call sends is announced with RequestBegins.
type Client interface {
	// Scopes lists the scopes that must be seen before the Need can be answered, in the order of look-up. known are the
	// scopes that are watched already: where one of them covers the Need it should be preferred to a new one. Pure.
	Scopes(n Need, known []Scope) ([]Scope, error)

	// Revalidate asks the provider what the scope shows now. held is the picture that it has, nil for none; where nothing
	// changed the same picture is returned. thorough forgoes shortcuts whose evidence is indirect (a change counter).
	Revalidate(ctx context.Context, scope Scope, held Picture, thorough bool) (Picture, error)

	// Load fetches a part that Lookup asked for. picture is the scope's.
	Load(ctx context.Context, scope Scope, picture Picture, part PartID) (Part, error)

	// Lookup answers a Need from what the view holds. Where parts are missing it names them, and is called again when
	// they were loaded; otherwise it returns the answer, or an error whose Reason says why there is none. An error that
	// one scope caused is returned only where that scope could change the answer. Pure, but for the clock that an Answer
	// with an Origin rests on. Where nothing but parts is missing, these and their order say all that the pictures have to
	// do with the answer: it changes with them alone, and Sources tell by them whom a new picture touches.
	Lookup(n Need, view View) (Answer, []WantedPart, error)

	// Confirm asks the provider directly, at the level of the key, whether the Need's key is gone. It returns nil only for
	// a positive answer that it is: no other answer, and no error, may delete anything. An error of the Reason Invalid says
	// where the remote secret is now, or what to do about it, and is what users are shown. last is the Answer that the Need
	// last had, without its values, nil if it never had one.
	Confirm(ctx context.Context, n Need, last *Answer) error

	// Check tells with one cheap request whether the credential and the store's address work: what a store's Ready
	// condition says. A Client whose revalidations show as much may return nil without a request.
	Check(ctx context.Context) error

	// List names what the store can see, for the keys subresource, from the views of the scopes of ListScopes.
	ListScopes() []Scope
	List(view View) ([]RemoteKey, error)

	// Close lets go of what the client holds. Calls under way fail.
	Close()
}

// WantedPart is a part of a scope.
type WantedPart struct {
	Scope Scope
	ID    PartID
}

// Answer is what a Need came to. It is immutable.
type Answer struct {
	// Value of a KindValue.
	Value value.Value
	// Origin is what the Value was computed from, where it changes by time alone: a one-time code. It stands for the Value
	// where inputs are compared. Empty for any other Value.
	Origin value.Value
	// Map of a KindMap or KindFind. It may be empty: nothing matched.
	Map map[string]value.Value
	// Version of the remote secret as the provider counts it; empty for a find or where there is none.
	Version string
	// Updated is when the provider says that the remote secret last changed; zero where it does not say.
	Updated time.Time
	// ID is the provider's own identity of the remote secret that a key led to, for Confirm; empty for a find.
	ID string
	// Scope that the answer was found in; the zero Scope for a find over several.
	Scope Scope
}

// RemoteKey is one key that a store can see.
type RemoteKey struct {
	// Key as a remoteRef would name it.
	Key string
	// Scope is the name of the vault or folder.
	Scope   string
	Version string
	Updated time.Time
}
