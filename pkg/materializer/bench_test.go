package materializer

import (
	"fmt"
	"testing"
	"time"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// BenchmarkFromNothing is 1000 new ExternalSecrets of one store, until all Secrets and their status are written. Most of it is
// the fakes of host and API server: a profile tells what is whose.
func BenchmarkFromNothing(b *testing.B) {
	for b.Loop() {
		f := newFixture(b)
		for i := range 1000 {
			key := fmt.Sprint("key-", i)
			f.vault.set(key, "value")
			f.add(of(fmt.Sprint("es-", i), key), func(es *v1.ExternalSecret) { es.Spec.RefreshInterval = nil })
		}
		f.start()
		for f.written() < 1001 {
			time.Sleep(10 * time.Millisecond)
		}
		f.stop()
	}
}

// written is how many writes of status there were.
func (f *fixture) written() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.writes)
}
