package materializer

import (
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
)

// class is how soon an ExternalSecret has its turn: those of a lower class first.
type class int

const (
	// firstAttempt is for ExternalSecrets that nothing was ever written for.
	firstAttempt class = iota
	// changed is for ExternalSecrets that changed, and for changes of what they are made from.
	changed
	// fallenDue is for what the clock asks for, and for what failed before.
	fallenDue
	classes
)

// classNames are for people who watch the queue.
var classNames = [classes]string{firstAttempt: "first", changed: "changed", fallenDue: "due"}

// hints say what may be up with an ExternalSecret beside what can be seen of it.
type hints uint8

const (
	// stirred: what it is made from may show something new.
	stirred hints = 1 << iota
	// mended: what it failed for may be over.
	mended
	// touched: its target may not be as it was left.
	touched
)

// queue is a workqueue of ExternalSecrets in which classes go first and namespaces take turns.
type queue struct {
	work  *workqueue.Typed[types.NamespacedName]
	order *order

	mu    sync.Mutex
	hints map[types.NamespacedName]hints
	// added is when each item was queued that waits, taken the same of those that workers have.
	added, taken map[types.NamespacedName]time.Time
}

func newQueue() *queue {
	order := newOrder()
	config := workqueue.TypedQueueConfig[types.NamespacedName]{Name: "externalsecret", Queue: order}
	return &queue{
		work:  workqueue.NewTypedWithConfig(config),
		order: order,
		hints: map[types.NamespacedName]hints{},
		added: map[types.NamespacedName]time.Time{},
		taken: map[types.NamespacedName]time.Time{},
	}
}

// add has a worker look at an ExternalSecret. One that waits already moves up where c comes before its class.
func (q *queue) add(key types.NamespacedName, c class, h hints) {
	q.mu.Lock()
	q.hints[key] |= h
	if _, ok := q.added[key]; !ok {
		q.added[key] = time.Now()
	}
	q.mu.Unlock()
	q.order.ask(key, c)
	q.work.Add(key)
}

// get waits for the next ExternalSecret. done has to be called for it. It returns false when the queue is shut down.
func (q *queue) get() (types.NamespacedName, hints, bool) {
	key, shutdown := q.work.Get()
	if shutdown {
		return key, 0, false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	h := q.hints[key]
	delete(q.hints, key)
	q.taken[key] = q.added[key]
	delete(q.added, key)
	return key, h, true
}

func (q *queue) done(key types.NamespacedName) {
	q.mu.Lock()
	delete(q.taken, key)
	q.mu.Unlock()
	q.work.Done(key)
}

func (q *queue) shutDown() { q.work.ShutDown() }

// patience is how many items of higher classes may pass a lower class that waits: a stream of new ExternalSecrets delays
// refreshes, and does not stop them.
const patience = 8

// order is the storage of a workqueue. The workqueue calls its methods with its own lock held; ask comes from anywhere.
type order struct {
	mu sync.Mutex
	// asked is the class that an item is to be queued with, queued the one that it is queued with.
	asked, queued map[types.NamespacedName]class
	lanes         [classes]lane
	// passed counts the items that went before a lower class which waits.
	passed int
}

var _ workqueue.Queue[types.NamespacedName] = (*order)(nil)

func newOrder() *order {
	o := &order{asked: map[types.NamespacedName]class{}, queued: map[types.NamespacedName]class{}}
	for i := range o.lanes {
		o.lanes[i].waiting = map[string][]types.NamespacedName{}
	}
	return o
}

// ask notes the class for the Push or Touch that follows.
func (o *order) ask(key types.NamespacedName, c class) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if before, ok := o.asked[key]; !ok || c < before {
		o.asked[key] = c
	}
}

// Push queues an item.
func (o *order) Push(key types.NamespacedName) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queueLocked(key, fallenDue)
}

// Touch moves an item up that was asked for with a higher class.
func (o *order) Touch(key types.NamespacedName) {
	o.mu.Lock()
	defer o.mu.Unlock()
	c, isQueued := o.queued[key]
	asked, isAsked := o.asked[key]
	if isQueued && isAsked && asked < c {
		o.lanes[c].remove(key)
		o.queueLocked(key, c)
	}
	delete(o.asked, key)
}

// queueLocked queues an item with the class that was asked for, with c where none or a lower one was.
func (o *order) queueLocked(key types.NamespacedName, c class) {
	if asked, ok := o.asked[key]; ok {
		c = min(c, asked)
	}
	delete(o.asked, key)
	o.queued[key] = c
	o.lanes[c].add(key)
}

// Len is the number of items.
func (o *order) Len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.queued)
}

// count tells how many items each class has.
func (o *order) count() map[string]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	counts := make(map[string]int, classes)
	for c, name := range classNames {
		counts[name] = 0
		for _, waiting := range o.lanes[c].waiting {
			counts[name] += len(waiting)
		}
	}
	return counts
}

// Pop takes the item whose turn it is. There is one.
func (o *order) Pop() types.NamespacedName {
	o.mu.Lock()
	defer o.mu.Unlock()
	var waiting []class
	for c := range classes {
		if len(o.lanes[c].turns) > 0 {
			waiting = append(waiting, c)
		}
	}
	next := waiting[0]
	switch {
	case len(waiting) == 1:
		o.passed = 0
	case o.passed >= patience:
		next, o.passed = waiting[len(waiting)-1], 0
	default:
		o.passed++
	}
	key := o.lanes[next].take()
	delete(o.queued, key)
	return key
}

// lane is one class: its namespaces take turns, within one the first to come goes first.
type lane struct {
	turns   []string
	waiting map[string][]types.NamespacedName
}

func (l *lane) add(key types.NamespacedName) {
	if len(l.waiting[key.Namespace]) == 0 {
		l.turns = append(l.turns, key.Namespace)
	}
	l.waiting[key.Namespace] = append(l.waiting[key.Namespace], key)
}

func (l *lane) remove(key types.NamespacedName) {
	kept := slices.DeleteFunc(l.waiting[key.Namespace], func(other types.NamespacedName) bool { return other == key })
	l.waiting[key.Namespace] = kept
	if len(kept) == 0 {
		delete(l.waiting, key.Namespace)
		l.turns = slices.DeleteFunc(l.turns, func(namespace string) bool { return namespace == key.Namespace })
	}
}

func (l *lane) take() types.NamespacedName {
	namespace := l.turns[0]
	l.turns = l.turns[1:]
	key := l.waiting[namespace][0]
	l.waiting[namespace] = l.waiting[namespace][1:]
	if len(l.waiting[namespace]) == 0 {
		delete(l.waiting, namespace)
	} else {
		l.turns = append(l.turns, namespace)
	}
	return key
}
