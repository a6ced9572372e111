package connect

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxActivity bounds the requests that are remembered for /v1/activity.
const maxActivity = 2048

// activity is the API's own record of requests to vaults and items.
type activity struct {
	events []event
	total  int
}

type event struct {
	RequestID string    `json:"requestId"`
	Timestamp time.Time `json:"timestamp"`
	Action    string    `json:"action"`
	Result    string    `json:"result"`
	Actor     actor     `json:"actor"`
	Resource  resource  `json:"resource"`
}

type actor struct {
	ID        string `json:"id"`
	Account   string `json:"account"`
	JTI       string `json:"jti"`
	UserAgent string `json:"userAgent"`
	RequestIP string `json:"requestIp"`
}

type resource struct {
	Type        string `json:"type"`
	Vault       Ref    `json:"vault"`
	Item        *Ref   `json:"item,omitempty"`
	ItemVersion int    `json:"itemVersion,omitempty"`
}

func (a *activity) add(c *call, at time.Time, err error) {
	e := event{
		RequestID: NewID(),
		Timestamp: at,
		Action:    strings.ToUpper(action(c.Method)),
		Result:    "SUCCESS",
		Actor:     actor{ID: "simulator", Account: "simulator", JTI: "simulator", UserAgent: c.UserAgent(), RequestIP: c.RemoteAddr},
		Resource:  resource{Type: "VAULT", Vault: Ref{ID: c.PathValue("vault")}},
	}
	if err != nil {
		e.Result = "DENY"
	}
	if id := c.PathValue("item"); id != "" {
		e.Resource.Type, e.Resource.Item = "ITEM", &Ref{ID: id}
	}
	if c.item != nil {
		e.Resource.ItemVersion = c.item.item.Version
	}
	a.total++
	if len(a.events) == maxActivity {
		a.events = slices.Clone(a.events[maxActivity/2:])
	}
	a.events = append(a.events, e)
}

// ActivityTotal returns how many requests to vaults and items the server has
// recorded: the audit noise that a client makes upstream.
func (s *Server) ActivityTotal() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.activity.total
}

// listActivity answers with the newest requests first.
func (s *Server) listActivity(c *call) (any, error) {
	limit, err := number(c.Request, "limit", 50)
	if err != nil {
		return nil, err
	}
	offset, err := number(c.Request, "offset", 0)
	if err != nil {
		return nil, err
	}
	newest := slices.Clone(s.activity.events)
	slices.Reverse(newest)
	first := min(offset, len(newest))
	last := min(first+limit, len(newest))
	return &page{
		contentRange: fmt.Sprintf("%d-%d/%d", first+1, last, len(newest)),
		rows:         append([]event{}, newest[first:last]...),
	}, nil
}

func number(r *http.Request, name string, fallback int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, failf(http.StatusBadRequest, "Invalid %s", name)
	}
	return n, nil
}
