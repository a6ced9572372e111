package outcome_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
)

// A one-time code changes by time alone: that is no drift. Who reads it gets the one of now.
func TestOneTimeCode(t *testing.T) {
	f := newFixture(t)
	f.sim.EditItem("apps", "db", func(i *connect.Item) {
		i.Fields = append(i.Fields, connect.Field{Type: "OTP", Label: "code",
			Value: "otpauth://totp/x?digits=8&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"})
	})
	es := externalSecret(func(es *v1.ExternalSecret) {
		es.Spec.DataFrom = nil
		es.Spec.Data = []v1.ExternalSecretData{{SecretKey: "code", RemoteRef: v1.RemoteRef{Key: "db", Property: ptr.To("code?attribute=otp")}}}
	})
	standing := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "db", Namespace: "team", UID: "secret", ResourceVersion: "7"},
		Data: map[string][]byte{"code": []byte("94287082")}}
	previewer := &outcome.Previewer{Secrets: secretsOf{standing}, Ledger: f.ledger}

	f.clock = time.Unix(59, 0)
	fingerprint, err := f.evaluator.Evaluate(t.Context(), es, now()).Fingerprint(t.Context())
	require.NoError(t, err)
	f.secrets["db"] = host.Metadata{UID: "secret", ResourceVersion: "7", DataHash: "of another code"}
	require.Equal(t, v1.LiveUnknown, f.live(t, es).State,
		"after a restart nothing is known of what was written")
	f.ledger.Record(es.UID, outcome.Entry{Fingerprint: fingerprint, SecretUID: "secret", ResourceVersion: "7"})

	f.clock = time.Unix(1111111109, 0)
	o := f.evaluator.Evaluate(t.Context(), es, now())
	require.Equal(t, v1.LiveInSync, f.live(t, es).State)
	got, err := previewer.Preview(t.Context(), es, o)
	require.NoError(t, err)
	require.Equal(t, "07081804", string(got.Data["code"]))

	f.sim.EditItem("apps", "db", func(i *connect.Item) { i.Fields[2].Value += "&period=60" })
	require.Equal(t, v1.LiveDrifted, f.live(t, es).State, "what it is computed from has changed")
}
