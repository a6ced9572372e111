package outcome

import (
	"context"
	"errors"
	"fmt"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
)

// Outcome is what an ExternalSecret came to at one time. It is used by one goroutine.
type Outcome struct {
	// Data is what was resolved; its Sources are filled even beside an error.
	Data *resolve.Data
	// Err says why the keys and values are not at hand. Its text is fit for users.
	Err error
	// Foreign tells that a store is left to a controller of another class: this server writes nothing for it.
	Foreign bool

	es        *v1.ExternalSecret
	key       []byte
	templates TemplateSources
	loaded    template.Sources
	rendered  *template.Rendered
	renderErr error
}

// Reason is the worst Reason that something is missing for; empty where nothing is.
func (o *Outcome) Reason() provider.Reason {
	if o.Err == nil {
		return ""
	}
	var several resolve.Errors
	if errors.As(o.Err, &several) {
		return several.Reason()
	}
	return provider.ReasonOf(o.Err)
}

// Fingerprint stands for all that the Secret is rendered from: equal ones need no rendering to be called equal.
func (o *Outcome) Fingerprint(ctx context.Context) (resolve.Fingerprint, error) {
	if o.Err != nil {
		return resolve.Fingerprint{}, o.Err
	}
	if err := o.load(ctx); err != nil {
		return resolve.Fingerprint{}, err
	}
	return resolve.FingerprintOf(o.key, o.es, o.Data, o.loaded)
}

// Render makes the Secret of what was resolved, once. The error is o.Err, or says why the template cannot be rendered.
func (o *Outcome) Render(ctx context.Context) (*template.Rendered, error) {
	if o.Err != nil {
		return nil, o.Err
	}
	if o.rendered != nil || o.renderErr != nil {
		return o.rendered, o.renderErr
	}
	if err := o.load(ctx); err != nil {
		return nil, err
	}
	rendering, span := tracing.Start(ctx, tracing.Render)
	o.rendered, o.renderErr = template.Render(rendering, o.es, o.Data.Values, o.loaded)
	tellFailure(span, o.renderErr)
	span.End()
	if o.renderErr == nil && o.Data.IsTimed() {
		o.rendered.Deterministic = false
	}
	return o.rendered, o.renderErr
}

// tellFailure says in a trace of what class a failure is, and no more: a template chooses the words of its errors.
func tellFailure(span tracing.Span, err error) {
	var failed *template.Error
	if errors.As(err, &failed) {
		span.Failed(string(failed.Class))
	} else if err != nil {
		span.Failed(string(provider.Invalid))
	}
}

// load reads the templates that stand in other objects. A failure is not kept: the host may answer the next time.
func (o *Outcome) load(ctx context.Context) error {
	if o.loaded != nil {
		return nil
	}
	sources, err := o.templates.TemplateSources(ctx, o.es)
	if err != nil {
		return fmt.Errorf("read the templates of templateFrom: %w", err)
	}
	o.loaded = sources
	if sources == nil {
		o.loaded = template.Sources{}
	}
	return nil
}
