package materializer

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
)

// Messages of the Ready condition, as in ESO. That of a failure goes on with its cause, where ESO's ends.
const (
	messageSynced   = "secret synced"
	messageRetained = "secret retained due to DeletionPolicy=Retain"
	messageEmpty    = "nothing was found; the secret is retained: nothing says that the keys were deleted"
	messageDeleted  = "secret deleted due to DeletionPolicy=Delete"
	messageMissing  = "secret will not be created due to CreationPolicy=Merge"

	failedProvider  = "could not get secret data from provider"
	failedTemplates = "could not read the templates"
	failedRender    = "could not render the secret"
	failedRead      = "could not read secret"
	failedWrite     = "could not update secret"
	failedImmutable = "could not update secret, target is immutable"
	failedOwnership = "failed to take ownership of target secret"
	failedOwned     = "target is owned by another ExternalSecret"
	failedDelete    = "could not delete secret"
	failedOrphans   = "could not delete orphaned secrets"
	failedKind      = "invalid generic target"
)

// worded is the verdict in the words for the target of es. ESO has others for targets that are no Secrets: Resource in place
// of Secret. Its status names no Secret then.
func (v verdict) worded(es *v1.ExternalSecret) verdict {
	if _, isGeneric := es.Spec.Target.GenericKind(); !isGeneric {
		return v
	}
	cause := strings.TrimPrefix(v.message, v.what)
	v.reason, v.what = wordedFor(es, v.reason), wordedFor(es, v.what)
	v.message = v.what + cause
	if v.binding != nil {
		v = v.naming("")
	}
	return v
}

// wordedFor is a text of this project's, which speaks of a Secret, in the words for the target of es.
func wordedFor(es *v1.ExternalSecret, text string) string {
	if _, isGeneric := es.Spec.Target.GenericKind(); !isGeneric || text == failedProvider {
		return text
	}
	switch text {
	case v1.ReasonSecretSynced:
		return v1.ReasonResourceSynced
	case v1.ReasonSecretDeleted:
		return v1.ReasonResourceDeleted
	case v1.ReasonSecretMissing:
		return v1.ReasonResourceMissing
	case v1.ReasonSecretSyncedError:
		return v1.ReasonResourceSyncedError
	}
	// ExternalSecret and the names of fields stay.
	return strings.ReplaceAll(text, "secret", "resource")
}

// longestMessage bounds messages of conditions, in bytes.
const longestMessage = 4096

// verdict is what became of an attempt.
type verdict struct {
	reason string
	// what begins the message, in words of this project alone.
	what, message string
	// err is what is wrong; nil where nothing is. Its text is in the message.
	err error
	// again: trying again may help though nothing changes. doubtful: it may well pass by itself.
	again, doubtful bool
	// isOfInputs is set where other values may have no such failure.
	isOfInputs bool
	// binding is the Secret that the status is to name; nil leaves what it names.
	binding *string
	// wrote is set where the Secret was created, changed or deleted.
	wrote bool
	// dueStill is set where values that time alone changes were left as they were: their refresh falls due when it did.
	dueStill bool
}

func (v verdict) ready() corev1.ConditionStatus {
	if v.err != nil {
		return corev1.ConditionFalse
	}
	return corev1.ConditionTrue
}

func succeeded(reason, message string) verdict {
	return verdict{reason: reason, what: message, message: message}
}

// naming has the status name a Secret, none for the empty name.
func (v verdict) naming(name string) verdict {
	v.binding = &name
	return v
}

// failed is a verdict that nothing but a change can better.
func failed(what string, err error) verdict {
	return verdict{reason: v1.ReasonSecretSyncedError, what: what, message: shortened(fmt.Sprintf("%s: %v", what, err)), err: err}
}

// failedForNow is a verdict that trying again may better.
func failedForNow(what string, err error) verdict {
	v := failed(what, err)
	v.again = true
	return v
}

// failedToResolve is about a provider that does not show what is needed. A reason that is none of the ExternalSecret's or
// its store's may pass by itself; so may the absence of a key that is about to be confirmed.
func failedToResolve(es *v1.ExternalSecret, o *outcome.Outcome) verdict {
	v := failedForNow(failedProvider, o.Err)
	switch o.Reason() {
	case provider.Unavailable, provider.RateLimited:
		v.doubtful = true
	case provider.NotFound:
		v.doubtful = deletionPolicy(es) != v1.DeletionRetain
	}
	return v
}

// failedToRender is about a template. Of one that had no time another try may have more.
func failedToRender(err error) verdict {
	var e *template.Error
	if errors.As(err, &e) && e.Class != template.DeadlineExceeded && e.Class != template.Canceled {
		v := failed(failedRender, err)
		v.isOfInputs = true
		return v
	}
	return failedForNow(failedRender, err)
}

// unfit is about a kind that cannot be written, or not yet: the host may come to serve it.
func unfit(err error) verdict { return failedForNow(failedKind, err) }

// refused is about a target that may not be written: what changes that is seen.
func refused(err error) verdict {
	what := failedWrite
	var refusal *secret.Refusal
	if errors.As(err, &refusal) {
		switch refusal.Cause {
		case secret.Immutable:
			what = failedImmutable
		case secret.OwnedByAnother:
			what = failedOwned
		case secret.ControlledElsewhere, secret.GuardedType, secret.Unauthorized:
			what = failedOwnership
		}
	}
	return failed(what, err)
}

// lacksRight tells whether the author of the spec lacked a right.
func (v verdict) lacksRight() bool {
	var refusal *secret.Refusal
	return errors.As(v.err, &refusal) && refusal.Cause == secret.Unauthorized
}

func shortened(message string) string {
	if len(message) <= longestMessage {
		return message
	}
	end := longestMessage
	for !utf8.RuneStart(message[end]) {
		end--
	}
	return message[:end] + "..."
}
