package materializer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
)

func TestNextStatus(t *testing.T) {
	then, now := time.Unix(1000, 0).UTC(), time.Unix(2000, 500).UTC()
	good := succeeded(v1.ReasonSecretSynced, messageSynced).naming("db")
	bad := failed(failedProvider, errors.New("a cause"))
	es := &v1.ExternalSecret{ObjectMeta: metav1.ObjectMeta{Generation: 1}}
	first := nextStatus(es, good, true, false, then)
	require.Equal(t, "db", *first.Binding.Name)
	require.Equal(t, then, first.RefreshTime.Time)
	require.Equal(t, []v1.ExternalSecretCondition{{
		Type: v1.ExternalSecretReady, Status: corev1.ConditionTrue, Reason: ptr.To("SecretSynced"), Message: ptr.To("secret synced"),
		LastTransitionTime: ptr.To(metav1.NewTime(then)),
	}}, first.Conditions)
	es.Status = first

	require.Equal(t, first, nextStatus(es, good, false, false, now), "nothing changed")

	written := nextStatus(es, good, true, false, now)
	require.Equal(t, now.Truncate(time.Second), written.RefreshTime.Time)
	require.Equal(t, then, written.Conditions[0].LastTransitionTime.Time, "it was ready before")

	failing := nextStatus(es, bad, false, false, now)
	require.Equal(t, first.RefreshTime, failing.RefreshTime)
	require.Equal(t, first.Binding, failing.Binding)
	require.Equal(t, "could not get secret data from provider: a cause", *failing.Conditions[0].Message)
	require.Equal(t, now.Truncate(time.Second), failing.Conditions[0].LastTransitionTime.Time)

	changed := *es.DeepCopy()
	changed.Generation = 2
	next := nextStatus(&changed, good, false, false, now)
	require.True(t, strings.HasPrefix(*next.SyncedResourceVersion, "2-"))
	require.Equal(t, now.Truncate(time.Second), next.RefreshTime.Time)

	onRequest := *es.DeepCopy()
	onRequest.Status.RefreshRequestTime = ptr.To(metav1.NowMicro())
	onRequest.Status.Live = &v1.LiveStatus{State: v1.LiveInSync}
	onRequest.Status.Conditions = append(onRequest.Status.Conditions, v1.ExternalSecretCondition{Type: "Theirs"})
	next = nextStatus(&onRequest, good, false, true, now)
	require.Nil(t, next.RefreshRequestTime)
	require.Nil(t, next.Live)
	require.Len(t, next.Conditions, 2)
	require.Nil(t, nextStatus(&onRequest, bad, false, true, now).RefreshRequestTime)
	require.NotNil(t, nextStatus(&onRequest, good, false, false, now).RefreshRequestTime)

	require.Nil(t, nextStatus(es, succeeded(v1.ReasonSecretDeleted, messageDeleted).naming(""), true, false, now).Binding)
	require.Equal(t, first.Binding, nextStatus(es, succeeded(v1.ReasonSecretSynced, messageRetained), false, false, now).Binding)
}

func TestVerdictsOfFailures(t *testing.T) {
	for what, c := range map[string]struct {
		verdict verdict
		again   bool
	}{
		failedOwned:     {refused(&secret.Refusal{Cause: secret.OwnedByAnother}), false},
		failedOwnership: {refused(&secret.Refusal{Cause: secret.GuardedType}), false},
		failedImmutable: {refused(&secret.Refusal{Cause: secret.Immutable}), false},
		failedWrite:     {refused(&secret.Refusal{Cause: secret.OtherType}), false},
		failedRender:    {failedToRender(&template.Error{Class: template.ParseFailed}), false},
		failedDelete:    {failedForNow(failedDelete, errors.New("x")), true},
	} {
		require.True(t, strings.HasPrefix(c.verdict.message, what+": "), c.verdict.message)
		require.Equal(t, c.again, c.verdict.again, what)
		require.Equal(t, corev1.ConditionFalse, c.verdict.ready())
	}
	require.True(t, failedToRender(&template.Error{Class: template.DeadlineExceeded}).again)
	require.True(t, failedToRender(fmt.Errorf("read: %w", context.Canceled)).again)
}

func TestMessagesAreBounded(t *testing.T) {
	v := failed("a failure", errors.New(strings.Repeat("é", longestMessage)))
	require.LessOrEqual(t, len(v.message), longestMessage+3)
	require.True(t, utf8.ValidString(v.message))
}
