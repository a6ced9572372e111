package outcome

import (
	"context"
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
)

// reading is what a live read made of an ExternalSecret, for the next one: hashes and what status.live shows, no value.
type reading struct {
	// resourceVersion and stamp are what it was made of; stamp is zero where that cannot be told.
	resourceVersion string
	stamp           provider.Stamp
	sources         []v1.LiveSource
	// fingerprint is the last that was asked for, content what it renders to. current tells whether it is that of what
	// resourceVersion and stamp stand for.
	fingerprint resolve.Fingerprint
	content     content
	current     bool
}

// content is what a fingerprint renders to.
type content struct {
	kind contentKind
	// hash is the data hash of a hashed one.
	hash string
}

type contentKind uint8

const (
	// notRendered is not known yet.
	notRendered contentKind = iota
	// hashed has a hash that the target's can be compared with.
	hashed
	// uncertain comes out differently each time, or is only a part of the target.
	uncertain
	// impossible cannot be rendered.
	impossible
)

// contentOf is what came of rendering for es. lasting is false where the next attempt may come to something else.
func contentOf(es *v1.ExternalSecret, rendered *template.Rendered, err error) (c content, lasting bool) {
	if err != nil {
		var e *template.Error
		lasting = errors.As(err, &e) && e.Class != template.DeadlineExceeded && e.Class != template.Canceled
		return content{kind: impossible}, lasting
	}
	if !rendered.Deterministic || shared(es) {
		return content{kind: uncertain}, true
	}
	return content{kind: hashed, hash: hashOf(es, rendered)}, true
}

// against compares with the target that stands.
func (c content) against(es *v1.ExternalSecret, standing host.Metadata) (v1.LiveState, string) {
	switch {
	case c.kind == impossible:
		return v1.LiveInvalid, about(es, messageNotMade)
	case c.kind == uncertain:
		return v1.LiveUnknown, about(es, messageUncertain)
	case c.hash != standing.DataHash:
		return v1.LiveDrifted, about(es, messageDrifted)
	}
	return v1.LiveInSync, ""
}

// look is one live read of one ExternalSecret. What the last one made is made again only where it rests on something else.
type look struct {
	shown    *Shown
	reading  reading
	observed time.Time
	// made is the Outcome; nil where nothing had to be made.
	made *Outcome
}

// newLook takes up what was made last.
func newLook(s *Shown, last reading) *look {
	l := &look{shown: s, reading: last}
	var stamp provider.Stamp
	stamp, l.observed = s.stamp()
	if stamp != 0 && last.stamp == stamp && last.resourceVersion == s.es.ResourceVersion {
		return l
	}
	// Other pictures may show the same values: content stays with its fingerprint.
	l.reading.resourceVersion, l.reading.stamp, l.reading.current = s.es.ResourceVersion, stamp, false
	l.reading.sources = l.outcome().Data.Sources
	if l.made.Err != nil {
		// What is wrong is said anew each time.
		l.reading.stamp = 0
	}
	return l
}

func (l *look) outcome() *Outcome {
	if l.made == nil {
		l.made = l.shown.Outcome()
	}
	return l.made
}

// status is status.live without what rendering shows. Its State is empty where nothing is wrong.
func (l *look) status() *v1.LiveStatus {
	// Where nothing had to be made, nothing was wrong.
	if l.made != nil {
		return l.made.KeysStatus()
	}
	return liveStatus(l.reading.sources, l.observed)
}

func (l *look) fingerprint(ctx context.Context) (resolve.Fingerprint, error) {
	if l.reading.current {
		return l.reading.fingerprint, nil
	}
	fingerprint, err := l.outcome().Fingerprint(ctx)
	if err != nil {
		return fingerprint, err
	}
	if fingerprint != l.reading.fingerprint {
		l.reading.fingerprint, l.reading.content = fingerprint, content{}
	}
	// What templateFrom refers to has no stamp.
	l.reading.current = len(template.SourceKeys(l.shown.es)) == 0
	return fingerprint, nil
}

// content is what fingerprint, which was asked for before, renders to.
func (l *look) content(ctx context.Context) content {
	if l.reading.content.kind != notRendered {
		return l.reading.content
	}
	rendered, err := l.outcome().Render(ctx)
	c, lasting := contentOf(l.shown.es, rendered, err)
	if lasting {
		l.reading.content = c
	}
	return c
}

func liveStatus(sources []v1.LiveSource, observed time.Time) *v1.LiveStatus {
	live := &v1.LiveStatus{Sources: sources}
	if !observed.IsZero() {
		live.ObservedTime = &metav1.Time{Time: observed.UTC().Truncate(time.Second)}
	}
	return live
}
