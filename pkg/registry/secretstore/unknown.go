package secretstore

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// unknownProvider finds, in the errors of decoding and of server-side apply, that a field of spec.provider is not in the
// schema: a provider of External Secrets Operator that this server does not have, most likely.
var unknownProvider = regexp.MustCompile(`unknown field "spec\.provider\.\w+"|\.spec\.provider\.\w+: field not declared in schema`)

// explainer adds the providers that there are to errors about one that is not.
type explainer struct {
	providers string
}

func (e explainer) message(text string) string {
	return unknownProvider.ReplaceAllStringFunc(text, func(found string) string {
		return fmt.Sprintf("%s (the providers of this server: %s)", found, e.providers)
	})
}

// status explains in the answer to a request; other errors are left alone.
func (e explainer) status(err error) error {
	var known apierrors.APIStatus
	if !errors.As(err, &known) {
		return err
	}
	status := known.Status()
	message := e.message(status.Message)
	if message == status.Message {
		return err
	}
	status.Message = message
	return &apierrors.StatusError{ErrStatus: status}
}

// strict explains in an error of strict decoding; other errors are left alone.
func (e explainer) strict(err error) error {
	found, ok := runtime.AsStrictDecodingError(err)
	if !ok {
		return err
	}
	var explained []error
	for _, single := range found.Errors() {
		explained = append(explained, errors.New(e.message(single.Error())))
	}
	return runtime.NewStrictDecodingError(explained)
}

// ExplainUnknownProviders is serializer, whose decoders list the providers there are where an object names another one.
func ExplainUnknownProviders(serializer runtime.NegotiatedSerializer, providers []provider.Provider) runtime.NegotiatedSerializer {
	return explainingSerializer{serializer, explainer{namesOf(providers)}}
}

type explainingSerializer struct {
	runtime.NegotiatedSerializer
	explainer explainer
}

// DecoderToVersion makes the decoders of request bodies and of patched objects.
func (s explainingSerializer) DecoderToVersion(decoder runtime.Decoder, version runtime.GroupVersioner) runtime.Decoder {
	return explainingDecoder{s.NegotiatedSerializer.DecoderToVersion(decoder, version), s.explainer}
}

type explainingDecoder struct {
	runtime.Decoder
	explainer explainer
}

// Decode returns what was decoded beside the error, as strict decoders do.
func (d explainingDecoder) Decode(data []byte, defaults *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	obj, kind, err := d.Decoder.Decode(data, defaults, into)
	return obj, kind, d.explainer.strict(err)
}

// namesOf lists providers for messages.
func namesOf(providers []provider.Provider) string {
	return strings.Join(provider.Names(providers), ", ")
}
