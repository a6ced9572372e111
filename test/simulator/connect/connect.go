// Package connect simulates a 1Password Connect server: its REST API with the
// states, answers and faults that real servers show. Data is made through the
// methods of Server; requests are counted by the embedded Harness.
//
// Where versions of the real server differ, or where nobody outside knows what
// it does, Behaviour has a switch.
package connect

import (
	"net/http"
	"sync"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

// Routes, as they are named in the request log and in faults.
const (
	RouteVaults      = "GET /v1/vaults"
	RouteVault       = "GET /v1/vaults/{vault}"
	RouteItems       = "GET /v1/vaults/{vault}/items"
	RouteCreateItem  = "POST /v1/vaults/{vault}/items"
	RouteItem        = "GET /v1/vaults/{vault}/items/{item}"
	RouteReplaceItem = "PUT /v1/vaults/{vault}/items/{item}"
	RoutePatchItem   = "PATCH /v1/vaults/{vault}/items/{item}"
	RouteDeleteItem  = "DELETE /v1/vaults/{vault}/items/{item}"
	RouteFiles       = "GET /v1/vaults/{vault}/items/{item}/files"
	RouteFile        = "GET /v1/vaults/{vault}/items/{item}/files/{file}"
	RouteFileContent = "GET /v1/vaults/{vault}/items/{item}/files/{file}/content"
	RouteActivity    = "GET /v1/activity"
	RouteHeartbeat   = "GET /heartbeat"
	RouteHealth      = "GET /health"
	RouteMetrics     = "GET /metrics"
)

// UntilSync is a Lag that no time ends: changes are seen after Server.Sync only.
const UntilSync = time.Duration(1<<63 - 1)

// VaultRows says what the rows of GET /v1/vaults tell about versions.
type VaultRows int

const (
	// RowsFull are whole vaults, as the specification has them.
	RowsFull VaultRows = iota
	// RowsBrief lack the versions, the number of items and updatedAt.
	RowsBrief
	// RowsZero have contentVersion 0.
	RowsZero
)

// Behaviour are the points in which servers differ, by version or by what
// befalls them. The zero value is a healthy, current server.
type Behaviour struct {
	// Lag is how long a change at 1Password.com takes to be seen through Connect.
	Lag time.Duration
	// Version is sent in the header 1Password-Connect-Version; "1.8.1" when empty.
	Version string
	// OmitVersion leaves that header out, as some proxies do.
	OmitVersion bool
	// VaultRows are the rows of the list of vaults.
	VaultRows VaultRows
	// OmitContentVersion leaves contentVersion out of single vaults too.
	OmitContentVersion bool
	// ListArchived keeps archived items in lists, with state ARCHIVED, and
	// ReadArchived keeps them readable by id; otherwise they are gone.
	ListArchived, ReadArchived bool
	// Unlisted are the ids of items that lists leave out, as a replica does
	// that has not caught up.
	Unlisted []string
	// FoldTitles makes the filter of items ignore the case of titles.
	FoldTitles bool
	// LeadingSlash puts a slash at the start of content_path.
	LeadingSlash bool
	// MaxInlineFile is the size in bytes up to which files are sent inline;
	// 100 KiB when 0.
	MaxInlineFile int64
	// ForbidEvery refuses every n-th request below a vault with 403 although
	// the token is good, as busy servers before 1.8 did. 0 means never.
	ForbidEvery int
	// NeverSynced is a server that has not reached 1Password.com yet: requests
	// wait for SyncTimeout and fail with 500.
	NeverSynced bool
	SyncTimeout time.Duration
	// RefuseFirst answers the first authenticated request with 401, as
	// servers before 1.7.2 did.
	RefuseFirst bool
	// FilesNotSynced answers requests for a file's content with 500.
	FilesNotSynced bool
	// StaleItems answers single items as they were before their last edit,
	// like a replica that lags behind the list.
	StaleItems bool
}

// Options are what a Server is made with.
type Options struct {
	// Clock is time.Now when nil.
	Clock func() time.Time
	// Token is the first token, which may read and write every vault;
	// DefaultToken when empty.
	Token string
	Behaviour
}

// DefaultToken may read and write every vault unless Options name another.
const DefaultToken = "eyJhbGciOiJFUzI1NiJ9.simulated-connect-token.not-a-signature"

// Server is a simulated Connect server.
type Server struct {
	*harness.Harness

	clock func() time.Time

	mu        sync.Mutex
	behaviour Behaviour
	cloud     *world
	synced    *world
	pending   []change
	tokens    map[string]*Token
	refused   bool
	unlocked  bool
	calls     int
	activity  activity
}

// New returns a server with one token and no vaults. It serves after Start, or
// as a handler.
func New(options Options) *Server {
	s := &Server{
		clock:     options.Clock,
		behaviour: options.Behaviour,
		cloud:     newWorld(),
		synced:    newWorld(),
		tokens:    map[string]*Token{},
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if options.Token == "" {
		options.Token = DefaultToken
	}
	s.tokens[options.Token] = &Token{Value: options.Token}
	s.Harness = harness.New(s.respond(func(*http.Request) (any, error) {
		return nil, failf(http.StatusNotFound, "Not Found")
	}))
	s.register()
	return s
}

func (s *Server) register() {
	s.Handle(RouteVaults, s.respond(s.authenticated(s.listVaults)))
	s.Handle(RouteVault, s.respond(s.inVault(s.getVault)))
	s.Handle(RouteItems, s.respond(s.inVault(s.listItems)))
	s.Handle(RouteCreateItem, s.respond(s.inVault(s.createItem)))
	s.Handle(RouteItem, s.respond(s.withItem(s.getItem)))
	s.Handle(RouteReplaceItem, s.respond(s.withItem(s.replaceItem)))
	s.Handle(RoutePatchItem, s.respond(s.withItem(s.patchItem)))
	s.Handle(RouteDeleteItem, s.respond(s.withItem(s.deleteItem)))
	s.Handle(RouteFiles, s.respond(s.withItem(s.listFiles)))
	s.Handle(RouteFile, s.respond(s.withItem(s.getFile)))
	s.Handle(RouteFileContent, s.respond(s.withItem(s.getFileContent)))
	s.Handle(RouteActivity, s.respond(s.authenticated(s.listActivity)))
	s.Handle(RouteHeartbeat, s.respond(s.heartbeat))
	s.Handle(RouteHealth, s.respond(s.health))
	s.Handle(RouteMetrics, s.respond(s.metrics))
}

// Change edits the server's behaviour while it runs.
func (s *Server) Change(edit func(*Behaviour)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	edit(&s.behaviour)
}
