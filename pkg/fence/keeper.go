package fence

import (
	"context"
	"fmt"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
)

// keeper has the record follow the store. Every replica has one: what one wrote the others need not write.
type keeper struct {
	config Config
	record *Record
	// seen is the latest revision that was looked at, behind whether the record lacks a change.
	seen   int64
	behind bool
	// complaint is the last one in the log.
	complaint string
}

func newKeeper(config Config, record *Record) *keeper {
	return &keeper{config: config, record: record, seen: record.Revision}
}

// run looks every few seconds, and once more at the end: a server that was stopped in order has all its changes on record.
func (k *keeper) run(ctx context.Context) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			k.tell(k.look(ctx, timeout))
		case <-ctx.Done():
			k.tell(k.look(context.WithoutCancel(ctx), farewell))
			return
		}
	}
}

// look writes the record where the store has changed, or where the record is gone or another. While neither is so it asks
// the cluster nothing.
func (k *keeper) look(ctx context.Context, limit time.Duration) error {
	defer k.config.Pulse.Begin("the record of the store")()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	at, housekeeping, err := k.config.Store.Look(ctx)
	if err != nil {
		return fmt.Errorf("read the identity of the store: %w", err)
	}
	if at.ID != k.record.ID {
		return fmt.Errorf("the store was replaced under the running server: its id was %s and is %s; restart it", k.record.ID, at.ID)
	}
	// Compaction moves the revision every few minutes of a store that nobody changes.
	if at.Revision != k.seen && !(housekeeping && at.Revision == k.seen+1) {
		k.behind = true
	}
	k.seen = at.Revision
	record := host.Object{Kind: host.KindConfigMap, Namespace: k.config.Namespace, Name: RecordName}
	if version, known := k.config.Host.Version(record); !k.behind && (!known || version == k.record.version) {
		return nil
	}
	return k.write(ctx, at)
}

func (k *keeper) write(ctx context.Context, at Identity) error {
	current, err := k.config.Records.Read(ctx)
	if err != nil {
		return fmt.Errorf("read the cluster's record of the store: %w", err)
	}
	if current != nil && current.ID != at.ID {
		return fmt.Errorf("the cluster's record is of the store %s now, and this server's is %s: two installations share a namespace", current.ID, at.ID)
	}
	// Another replica may have recorded more than this one has seen.
	if current == nil || current.Revision < at.Revision && k.behind {
		if current, err = k.config.Records.Write(ctx, at, current); err != nil {
			return fmt.Errorf("write the cluster's record of the store: %w", err)
		}
	}
	k.record, k.behind = current, false
	return nil
}

// tell logs what went wrong, once until it is something else.
func (k *keeper) tell(err error) {
	var complaint string
	if err != nil {
		complaint = err.Error()
	}
	if complaint != "" && complaint != k.complaint {
		k.config.Logger.Warn("The cluster's record of the store is not up to date", "err", complaint)
	}
	k.complaint = complaint
}
