package externalsecret

import "time"

// ReadMetrics hears of live reads: *metrics.Metrics. Its methods must not block and are safe for concurrent use.
type ReadMetrics interface {
	// LiveRead tells of one live read (get, list, secret): how many ExternalSecrets were shown in which state, and how long
	// it took to find that out. A state is a LiveState; for secret, which has none, it is "Shown" or the Reason of its failure.
	LiveRead(read string, states map[string]int, took time.Duration)
}

// The kinds of live reads.
const (
	readGet    = "get"
	readList   = "list"
	readSecret = "secret"
)

// stateShown is that of values that were found.
const stateShown = "Shown"

// timedRead is a live read that is under way.
type timedRead struct {
	metrics ReadMetrics
	read    string
	began   time.Time
}

func (l *Live) begin(read string) timedRead {
	return timedRead{metrics: l.Metrics, read: read, began: time.Now()}
}

func (r timedRead) end(states map[string]int) {
	if r.metrics != nil {
		r.metrics.LiveRead(r.read, states, time.Since(r.began))
	}
}
