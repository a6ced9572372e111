// Package infisical simulates an Infisical server: logins of machine
// identities, secrets, folders, imports, references and event streams, with
// the states, answers and faults that real servers show. Data is made through
// the methods of Server; requests are counted by the embedded Harness.
//
// Where versions of the real server differ, Behaviour has a switch.
package infisical

import (
	"net/http"
	"sync"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

// Routes, as they are named in the request log and in faults.
const (
	RouteLogin         = "POST /api/v1/auth/universal-auth/login"
	RouteLoginJWT      = "POST /api/v1/auth/jwt-auth/login"
	RouteLoginLDAP     = "POST /api/v1/auth/ldap-auth/login"
	RouteLoginKube     = "POST /api/v1/auth/kubernetes-auth/login"
	RouteRenew         = "POST /api/v1/auth/token/renew"
	RouteRevoke        = "POST /api/v1/auth/token/revoke"
	RouteList          = "GET /api/v3/secrets/raw"
	RouteGet           = "GET /api/v3/secrets/raw/{name}"
	RouteGetByID       = "GET /api/v3/secrets/raw/id/{id}"
	RouteListV4        = "GET /api/v4/secrets"
	RouteGetV4         = "GET /api/v4/secrets/{name}"
	RouteGetByIDV4     = "GET /api/v4/secrets/id/{id}"
	RouteProject       = "GET /api/v1/projects/slug/{slug}"
	RouteProjectOld    = "GET /api/v1/workspace/slug/{slug}"
	RouteProjectOldest = "GET /api/v2/workspace/{slug}"
	RouteFolders       = "GET /api/v1/folders"
	RouteFoldersV2     = "GET /api/v2/folders"
	RouteEvents        = "POST /api/v1/events/subscribe/project-events"
	RouteStatus        = "GET /api/status"
)

// Behaviour are the points in which servers differ, by version or by what
// befalls them. The zero value is a healthy, current, self-hosted server.
type Behaviour struct {
	// RateLimits makes the server limit requests as the cloud does; nil is a
	// self-hosted server, which does not.
	RateLimits *RateLimits
	// StrictRenewal refuses to renew a token, and deletes it, when its new end
	// would lie past its longest life; newer servers shorten the renewal.
	StrictRenewal bool
	// EmptyReferences expands a reference to a secret that does not exist to
	// nothing; newer servers leave it as it is written.
	EmptyReferences bool
	// WeakETags sends ETags as a proxy that compresses does.
	WeakETags bool
	// OmitETags sends none.
	OmitETags bool
	// EmptyForMissing answers a list of a folder that is not there with an empty list, as older servers do.
	EmptyForMissing bool
	// Events is how event streams work.
	Events Events
}

// Options are what a Server is made with.
type Options struct {
	// Clock is time.Now when nil.
	Clock func() time.Time
	Behaviour
}

// Server is a simulated Infisical server.
type Server struct {
	*harness.Harness

	clock func() time.Time

	mu         sync.Mutex
	behaviour  Behaviour
	projects   []*project
	identities map[string]*identity
	tokens     map[string]*token
	windows    map[string]*window
	streams    map[*stream]bool
	audits     int
}

// New returns a server without projects and identities. It serves after Start,
// or as a handler.
func New(options Options) *Server {
	s := &Server{
		clock:      options.Clock,
		behaviour:  options.Behaviour,
		identities: map[string]*identity{},
		tokens:     map[string]*token{},
		windows:    map[string]*window{},
		streams:    map[*stream]bool{},
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	s.Harness = harness.New(s.respond(func(r *http.Request) (any, error) {
		return nil, &failure{Status: http.StatusNotFound, Name: "Not Found", Message: "Route " + r.Method + ":" + r.URL.Path + " not found"}
	}))
	s.register()
	return s
}

func (s *Server) register() {
	s.Handle(RouteLogin, s.limited(writes, s.respond(s.login)))
	s.Handle(RouteLoginJWT, s.limited(writes, s.respond(s.loginJWT)))
	s.Handle(RouteLoginLDAP, s.limited(writes, s.respond(s.loginLDAP)))
	s.Handle(RouteLoginKube, s.limited(writes, s.respond(s.loginKubernetes)))
	s.Handle(RouteRenew, s.limited(writes, s.respond(s.renew)))
	s.Handle(RouteRevoke, s.limited(writes, s.respond(s.revoke)))
	s.Handle(RouteList, s.limited(secretReads, s.respond(s.authenticated(s.listSecrets))))
	s.Handle(RouteGet, s.limited(secretReads, s.respond(s.authenticated(s.getSecret))))
	s.Handle(RouteGetByID, s.limited(secretReads, s.respond(s.authenticated(s.getSecretByID))))
	s.Handle(RouteListV4, s.limited(secretReads, s.respond(s.authenticated(s.listSecrets))))
	s.Handle(RouteGetV4, s.limited(secretReads, s.respond(s.authenticated(s.getSecret))))
	s.Handle(RouteGetByIDV4, s.limited(secretReads, s.respond(s.authenticated(s.getSecretByID))))
	s.Handle(RouteProject, s.limited(reads, s.respond(s.authenticated(s.getProject))))
	s.Handle(RouteProjectOld, s.limited(reads, s.respond(s.authenticated(s.getProject))))
	s.Handle(RouteProjectOldest, s.limited(reads, s.respond(s.authenticated(s.getProject))))
	s.Handle(RouteFolders, s.limited(reads, s.respond(s.authenticated(s.listFolders))))
	s.Handle(RouteFoldersV2, s.limited(reads, s.respond(s.authenticated(s.listFolders))))
	s.Handle(RouteEvents, s.limited(reads, s.subscribe))
	s.Handle(RouteStatus, s.respond(s.status))
}

func (s *Server) status(*http.Request) (any, error) {
	return map[string]any{"date": stamp(s.clock()), "message": "Ok"}, nil
}

// Change edits the server's behaviour while it runs.
func (s *Server) Change(edit func(*Behaviour)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	edit(&s.behaviour)
}

// Audits returns how many reads of secrets the server has put into its audit
// log: answers that are 304 count as much as others.
func (s *Server) Audits() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.audits
}
