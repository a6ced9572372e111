package ref

import (
	"container/list"
	"sync"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
)

// entry is what the last read of an object came to. It is immutable.
type entry struct {
	object host.Object
	// seen is the version that the index showed when the read began, empty where it could say nothing; read is the version
	// that came. The watch runs behind reads: until it shows a third version, nothing newer is known of.
	seen, read string
	content    content
	// err is why there is no content, or why it may have been overtaken. What was found is not doubted before until, unless
	// the index has moved from the version that it showed when the host was asked.
	err   error
	until time.Time
	asked string
}

// entryBytes is about what an entry takes up beside its content. An object that is not there has one too, and anybody can
// name any number of those.
const entryBytes = 512

func (e *entry) size() int { return entryBytes + e.content.size() }

// flight is a read under way. done is closed when entry is set, or when the read was given up with its caller.
type flight struct {
	done  chan struct{}
	entry *entry
}

// cache holds entries, least recently used first to go, up to a number of bytes.
type cache struct {
	maxBytes int

	mu      sync.Mutex
	bytes   int
	order   *list.List
	entries map[host.Object]*list.Element
	flights map[host.Object]*flight
}

func newCache(maxBytes int) *cache {
	return &cache{
		maxBytes: maxBytes,
		order:    list.New(),
		entries:  map[host.Object]*list.Element{},
		flights:  map[host.Object]*flight{},
	}
}

// get is the entry of an object, nil for none.
func (c *cache) get(object host.Object) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.entries[object]
	if !ok {
		return nil
	}
	c.order.MoveToFront(element)
	return element.Value.(*entry)
}

// board joins the flight of an object; leads is set for the caller that has to make it, and land it.
func (c *cache) board(object host.Object) (f *flight, leads bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok := c.flights[object]; ok {
		return f, false
	}
	f = &flight{done: make(chan struct{})}
	c.flights[object] = f
	return f, true
}

// land ends a flight with what the read came to, nil where it was given up.
func (c *cache) land(object host.Object, f *flight, e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, object)
	if e != nil {
		f.entry = e
		c.put(e)
	}
	close(f.done)
}

func (c *cache) put(e *entry) {
	c.remove(e.object)
	c.entries[e.object] = c.order.PushFront(e)
	c.bytes += e.size()
	for c.bytes > c.maxBytes && c.order.Len() > 1 {
		c.remove(c.order.Back().Value.(*entry).object)
	}
}

func (c *cache) remove(object host.Object) {
	element, ok := c.entries[object]
	if !ok {
		return
	}
	c.bytes -= element.Value.(*entry).size()
	c.order.Remove(element)
	delete(c.entries, object)
}
