package fence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/pulse"
)

const (
	// interval is between two looks at the store for changes to record, and between two at a record that disagrees.
	interval = 5 * time.Second
	// firstRetry is how long the first retry waits where something could not be read; each later one waits twice as long, up to
	// interval.
	firstRetry = 100 * time.Millisecond
	// timeout bounds each look, whatever it asks.
	timeout = 10 * time.Second
	// farewell bounds the last record of a process that ends.
	farewell = 2 * time.Second
)

// Store is where objects are kept: *Etcd.
type Store interface {
	// Look reads the store's identity, and gives a store that has none its id. housekeeping is set where the latest change is
	// not one of the content.
	Look(ctx context.Context) (at Identity, housekeeping bool, err error)
	Close()
}

// Records is where the cluster keeps its record: ConfigMap.
type Records interface {
	// Read gives the record, nil where there is none.
	Read(ctx context.Context) (*Record, error)
	// Write puts the identity in the place of a record that was read, or of none. It fails where another was written since.
	Write(ctx context.Context, identity Identity, over *Record) (*Record, error)
	// Report leaves a message in the cluster for the person in charge.
	Report(ctx context.Context, message string) error
}

// Host shows what informers have seen of the cluster: *host.Host. known is false until they have.
type Host interface {
	// Owners are the UIDs of the ExternalSecrets that Secrets and ConfigMaps name as their owners, each with one that does.
	Owners() (owners map[types.UID]host.Object, known bool)
	// Version is the resourceVersion of an object, empty where there is none.
	Version(o host.Object) (resourceVersion string, known bool)
}

// Config is what a Fence is made of. All of it is required but Accept and Pulse.
type Config struct {
	Store   Store
	Records Records
	Host    Host
	// Namespace is the server's, where the record is.
	Namespace string
	// Stored gives the UIDs of the ExternalSecrets in the store.
	Stored func(ctx context.Context) (map[types.UID]bool, error)
	// Accept is the acceptance of a store that disagrees with the record; empty for none.
	Accept string
	// Pulse is told of each look at store and record; nil for nobody to be told.
	Pulse  *pulse.Pulse
	Logger *slog.Logger
}

// Closure is why the fence is closed.
type Closure struct {
	// Disagrees is set where store and record were compared; else one of them has not been read yet.
	Disagrees bool
	// Message is a sentence for people.
	Message string
}

// Fence is closed until Run finds that the store is the cluster's. It is safe for concurrent use.
type Fence struct {
	config Config
	closed atomic.Pointer[Closure]
	opened chan struct{}
	// id is the store's, once the fence is open.
	id string

	// first is the store at the first look; nil before. A closed server changes nothing, so that what moves the revision later
	// on does not make an older copy a later one.
	first *Identity
}

// New makes a closed Fence. It sends nothing before Run.
func New(config Config) *Fence {
	f := &Fence{config: config, opened: make(chan struct{})}
	f.closed.Store(&Closure{Message: "this server has just started, and has not yet compared its store with the cluster's record of it"})
	return f
}

// Closed says why the fence is closed, and is nil once it is open.
func (f *Fence) Closed() *Closure { return f.closed.Load() }

// Await waits until the fence is open, and tells whether it is: it is not where ctx ended before.
func (f *Fence) Await(ctx context.Context) bool {
	select {
	case <-f.opened:
		return true
	case <-ctx.Done():
		return false
	}
}

// StoreID is the id of the store. It may be asked for when Await has said that the fence is open.
func (f *Fence) StoreID() string { return f.id }

// Run opens the fence as soon as the record agrees, and from then on has the record follow the store, until ctx ends. It is
// called once.
func (f *Fence) Run(ctx context.Context) {
	defer f.config.Store.Close()
	record := f.settle(ctx)
	if record == nil {
		return
	}
	f.id = record.ID
	f.closed.Store(nil)
	f.config.Logger.Info("The fence is open", "id", record.ID, "revision", record.Revision)
	close(f.opened)
	newKeeper(f.config, record).run(ctx)
}

// settle returns the record once it agrees with the store; nil where ctx ended before. It goes on looking: the record may be
// brought back, or another replica told to accept the store.
func (f *Fence) settle(ctx context.Context) *Record {
	for delay := firstRetry; ; delay = min(2*delay, interval) {
		record, err := f.consider(ctx)
		if record != nil || ctx.Err() != nil {
			return record
		}
		var disagreement *disagreement
		if errors.As(err, &disagreement) {
			delay = interval
			f.refuse(ctx, disagreement.message)
		} else {
			f.wait(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
	}
}

// disagreement is the error of a store that is not the cluster's.
type disagreement struct{ message string }

func (d *disagreement) Error() string { return d.message }

// consider compares store and record once. It returns the record where the fence may open, and has written it where there
// was none or another: a server that cannot write its record could not notice the loss of its store either.
func (f *Fence) consider(ctx context.Context) (*Record, error) {
	defer f.config.Pulse.Begin("the fence")()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	store, _, err := f.config.Store.Look(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the identity of the store: %w", err)
	}
	if f.first == nil {
		f.first = &store
	}
	record, err := f.config.Records.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the cluster's record of the store: %w", err)
	}
	var recorded *Identity
	var lacking Dependants
	if record != nil {
		recorded = &record.Identity
	} else if lacking, err = f.lacking(ctx); err != nil {
		return nil, err
	}
	found := decide(Identity{ID: store.ID, Revision: f.first.Revision}, recorded, lacking)
	switch {
	case found == agrees:
		return record, nil
	case found == unrecorded:
	case f.config.Accept == acceptance(store, recorded):
		f.config.Logger.Warn("The store was accepted by --accept-store", "id", store.ID, "revision", store.Revision)
	default:
		return nil, &disagreement{explain(found, *f.first, recorded, lacking)}
	}
	record, err = f.config.Records.Write(ctx, store, record)
	if err != nil {
		return nil, fmt.Errorf("write the cluster's record of the store: %w", err)
	}
	return record, nil
}

// lacking finds what depends on ExternalSecrets that the store does not hold.
func (f *Fence) lacking(ctx context.Context) (Dependants, error) {
	owners, known := f.config.Host.Owners()
	if !known {
		return Dependants{}, errors.New("the cluster has no record of the store, and its Secrets have not been seen yet")
	}
	if len(owners) == 0 {
		return Dependants{}, nil
	}
	stored, err := f.config.Stored(ctx)
	if err != nil {
		return Dependants{}, fmt.Errorf("list the ExternalSecrets of the store: %w", err)
	}
	var lacking Dependants
	for uid, owned := range owners {
		if stored[uid] {
			continue
		}
		if lacking.Count++; lacking.Count == 1 || owned.String() < lacking.Example {
			lacking.Example = owned.String()
		}
	}
	return lacking, nil
}

// refuse keeps the fence closed for a disagreement. It is told once in the log and once in the cluster.
func (f *Fence) refuse(ctx context.Context, message string) {
	if before := f.closed.Load(); before.Disagrees && before.Message == message {
		return
	}
	f.config.Logger.Error("The fence is closed", "message", message)
	f.closed.Store(&Closure{Disagrees: true, Message: message})
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := f.config.Records.Report(ctx, message); err != nil {
		f.config.Logger.Error("The fence is not reported in an event", "err", err.Error())
	}
}

// wait keeps the fence closed until something can be read. A disagreement that was found stays the reason.
func (f *Fence) wait(err error) {
	before := f.closed.Load()
	message := "this server does not know yet whether its store is the one that the cluster has on record: cannot " + err.Error()
	if before.Disagrees || before.Message == message {
		return
	}
	f.config.Logger.Warn("The fence stays closed", "err", err.Error())
	f.closed.Store(&Closure{Message: message})
}
