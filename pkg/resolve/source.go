package resolve

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// sources lists remote keys in the order of the spec. Entries that read different properties of one key share an element.
type sources struct {
	list []v1.LiveSource
	at   map[sourceKey]int
}

type sourceKey struct {
	store        StoreRef
	key, version string
	find         provider.Need
}

func (s *sources) add(e *entry, result provider.Result) {
	source := v1.LiveSource{
		StoreRef: v1.LiveStoreRef{Name: e.store.Name, Kind: e.store.Kind},
		Key:      e.need.Key,
	}
	if result.Err == nil {
		source.Version = result.Answer.Version
		if updated := result.Answer.Updated; !updated.IsZero() {
			source.UpdatedTime = &metav1.Time{Time: updated}
		}
	}
	id := sourceKey{store: e.store, key: e.need.Key, version: e.need.Version}
	if e.need.Kind == provider.KindFind {
		id.find = e.need
	}
	i, ok := s.at[id]
	switch {
	case !ok:
		if s.at == nil {
			s.at = map[sourceKey]int{}
		}
		s.at[id] = len(s.list)
		s.list = append(s.list, source)
	case s.list[i].Version == "" && s.list[i].UpdatedTime == nil:
		// The entry before had no answer: one property of a key may be missing where another is there.
		s.list[i] = source
	}
}
