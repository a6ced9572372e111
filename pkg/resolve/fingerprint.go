package resolve

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"slices"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// Fingerprint stands for everything that a Secret is rendered from.
type Fingerprint [sha256.Size]byte

// FingerprintOf is a MAC, under key, of what the target of es is rendered from: the parts of its spec that shape it, the
// metadata that is copied to it, the resolved data and the templates of other objects. Equal fingerprints mean that a
// render now could differ from the last one only by the template's own random or time functions, and by values that time
// alone changes: for these stands what they are computed from. When and how often es is refreshed is no part of it.
func FingerprintOf(key []byte, es *v1.ExternalSecret, data *Data, sources template.Sources) (Fingerprint, error) {
	labels, annotations := template.CopiedMetadata(es)
	shape, err := json.Marshal(struct {
		Namespace, Name     string
		Target              *v1.ExternalSecretTarget
		StoreRef            *v1.SecretStoreRef
		Data                []v1.ExternalSecretData
		DataFrom            []v1.ExternalSecretDataFrom
		Labels, Annotations map[string]string
		Missing             []Entry
	}{
		es.Namespace, es.Name, es.Spec.Target, es.Spec.SecretStoreRef, es.Spec.Data, es.Spec.DataFrom,
		labels, annotations, data.Missing,
	})
	if err != nil {
		return Fingerprint{}, fmt.Errorf("encoding the spec of ExternalSecret %s/%s: %w", es.Namespace, es.Name, err)
	}
	m := mac{hmac.New(sha256.New, key)}
	m.add(shape)
	m.count(len(data.Values))
	for _, name := range slices.Sorted(maps.Keys(data.Values)) {
		v := data.Values[name]
		if origin, ok := data.Origins[name]; ok {
			v = origin
		}
		m.named(v, name)
	}
	m.count(len(sources))
	for _, key := range template.SourceKeys(es) {
		if source, ok := sources[key]; ok {
			m.named(source, string(key.Kind), key.Name, key.Key)
		}
	}
	return Fingerprint(m.Sum(nil)), nil
}

// mac adds parts with their lengths, so that no two lists of parts are the same bytes.
type mac struct{ hash.Hash }

func (m mac) add(part []byte) {
	m.count(len(part))
	m.Write(part)
}

func (m mac) count(n int) {
	m.Write(binary.BigEndian.AppendUint64(nil, uint64(n)))
}

func (m mac) named(v value.Value, names ...string) {
	for _, name := range names {
		m.add([]byte(name))
	}
	m.add(v.Bytes())
}
