package materializer

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
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
		// The fake's watch takes a hundred events at a time.
		f.start(func(c *Config) { c.Workers = 4 })
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

// BenchmarkTouched is a change that touches 10000 ExternalSecrets at once, until all have waited for their quiet moment.
func BenchmarkTouched(b *testing.B) {
	f := newFixture(b)
	f.start()
	f.stop()
	t := newTerm(f.m)
	f.m.term.Store(t)
	var c source.Change
	for i := range 10000 {
		uid := types.UID(fmt.Sprint("uid-", i))
		t.states.of(types.NamespacedName{Namespace: "team", Name: fmt.Sprint("es-", i)}, uid)
		c.Owners = append(c.Owners, uid)
	}
	b.ReportAllocs()
	for b.Loop() {
		f.m.sourceChanged(c)
		for _, key := range t.quiet.schedule.due(time.Now().Add(longestQuiet)) {
			t.quiet.schedule.fire(key)
		}
		if t.queue.work.Len() != len(c.Owners) {
			b.Fatal("somebody was left out")
		}
	}
}
