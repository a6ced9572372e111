package ref

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// read is the content of an object: what is kept, where the watch shows nothing newer, else what the host answers. That there
// is no such object is for the host to say as well. All that ask at a time share one request; where its caller gives up,
// another one takes over.
func (r *Reader) read(ctx context.Context, object host.Object) (content, error) {
	if err := r.index.Covers(object.Namespace); err != nil {
		return nil, provider.Errorf(provider.Invalid, "%s is not read: %s", object, err)
	}
	for {
		version, known := r.index.Version(object)
		if held := r.cache.get(object); held != nil && r.stands(held, version, known) {
			return held.result()
		}
		flight, leads := r.cache.board(object)
		if leads {
			e := r.fly(ctx, object, version, known)
			r.cache.land(object, flight, e)
			if e == nil {
				return nil, gaveUp(ctx, object)
			}
			return e.result()
		}
		select {
		case <-flight.done:
		case <-ctx.Done():
			return nil, gaveUp(ctx, object)
		}
		// A flight that set out before the watch moved may bring what has been replaced since: then it is looked at anew.
		if e := flight.entry; e != nil && e.seen == version {
			return e.result()
		}
	}
}

// stands tells whether an entry may be used without asking the host.
func (r *Reader) stands(e *entry, version string, known bool) bool {
	if r.clock.Now().Before(e.until) && (!known || version == e.asked) {
		return true
	}
	return e.err == nil && known && (version == e.seen || version == e.read)
}

// fly asks the host. It returns nil where ctx ended first: that says nothing about the object.
func (r *Reader) fly(ctx context.Context, object host.Object, version string, known bool) *entry {
	e := &entry{object: object, asked: version}
	if known {
		e.seen = version
	}
	var err error
	e.content, e.read, err = r.fetch(ctx, object)
	switch {
	case err == nil && known && version == "":
		// The watch has not seen it yet: it may lag a moment behind a create, and longer after the host was away. Until it
		// catches up, nothing else would tell that the object is gone again.
		e.seen, e.until = e.read, r.clock.Now().Add(holdOff)
		return e
	case err == nil:
		return e
	case ctx.Err() != nil:
		return nil
	case apierrors.IsNotFound(err):
		e.err = missing(object)
	default:
		e.err = provider.Errorf(provider.Unavailable, "%s", err)
		// Content that may have been overtaken is better than none while the host is away.
		if held := r.cache.get(object); held != nil {
			e.content, e.seen, e.read = held.content, held.seen, held.read
		}
	}
	e.until = r.clock.Now().Add(holdOff)
	return e
}

// result is what callers get.
func (e *entry) result() (content, error) {
	if e.content != nil {
		return e.content, nil
	}
	return nil, e.err
}

func missing(object host.Object) error {
	return provider.Errorf(provider.Invalid, "%s does not exist", object)
}

func gaveUp(ctx context.Context, object host.Object) error {
	err := provider.Errorf(provider.Unavailable, "%s could not be read in time", object)
	err.Cause = ctx.Err()
	return err
}
