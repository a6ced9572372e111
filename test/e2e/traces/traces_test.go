package traces

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/test/collector"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// What the spans' services are called.
const (
	host   = "apiserver"
	server = "external-secrets-apiserver"
)

const externalSecret = `
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: %s}
spec:
  refreshInterval: 1h
  secretStoreRef: {name: vault}
  target: {template: {data: {url: "postgres://{{ .db_pass }}"}}}
  dataFrom: [{extract: {key: my-app}}]
`

// awaitTrace waits for a trace that is whole and in which find finds a span.
func awaitTrace(t *testing.T, what string, find func(collector.Span) bool, whole func(collector.Trace) error) (trace collector.Trace) {
	t.Helper()
	framework.Eventually(t, what+" has arrived", func(context.Context) error {
		last := errors.New("there is none")
		for _, candidate := range arrived.Traces() {
			if !candidate.Any(find) {
				continue
			}
			if last = errors.Join(candidate.Connected(), whole(candidate)); last == nil {
				trace = candidate
				return nil
			}
			last = fmt.Errorf("%w:\n%s", last, candidate)
		}
		return last
	})
	return trace
}

// paths is a check that a trace has spans, each by what the end of its path from the root matches.
func paths(wanted ...string) func(collector.Trace) error {
	return func(trace collector.Trace) error {
		var missing []error
		for _, end := range wanted {
			path := regexp.MustCompile(`(^| > )` + end + `$`)
			if !trace.Any(func(s collector.Span) bool { return path.MatchString(strings.Join(trace.Path(s), " > ")) }) {
				missing = append(missing, fmt.Errorf("it lacks %q", end))
			}
		}
		return errors.Join(missing...)
	}
}

const (
	routeOfObject = "/apis/external-secrets.io/v1/namespaces/{:namespace}/externalsecrets/{:name}"
	toProvider    = `evaluate > store.read > provider.revalidate > provider.request`
)

// The trace of a request that an ordinary user sends begins in kube-apiserver and ends at the provider.
func TestALiveReadIsOneTrace(t *testing.T) {
	t.Parallel()
	f := env.Tenant(t)
	f.Kubectl.Apply(fmt.Sprintf(externalSecret, "read"))
	f.Kubectl.Run("wait", "--for=condition=Ready", "externalsecret/read", "--timeout=60s")
	f.Kubectl.Run("create", "rolebinding", "reader", "--clusterrole=external-secrets-reader", "--user=alice")
	f.Kubectl.As("alice").Run("get", "externalsecret", "read", "-o", "yaml")

	path := "/namespaces/" + f.Namespace + "/externalsecrets/read"
	isRead := func(s collector.Span) bool {
		return s.Service == server && s.Name == "GET "+routeOfObject && strings.Contains(s.Attribute("http.target"), path)
	}
	trace := awaitTrace(t, "the trace of a read", isRead, func(trace collector.Trace) error {
		if trace[0].Service != host {
			return fmt.Errorf("it begins at %s", trace[0].Service)
		}
		return paths("HTTP GET > .*GET "+regexp.QuoteMeta(routeOfObject), toProvider, "evaluate > store.read > store.wait")(trace)
	})
	request, _ := trace.Find("provider.request")
	require.Equal(t, "/v1/vaults/{vault}", request.Attribute("url.template"))
	require.Equal(t, "200", request.Attribute("http.response.status_code"))
	read, _ := trace.Find("store.read")
	require.Equal(t, "SecretStore/"+f.Namespace+"/vault", read.Attribute("store"))
}

// A sync is one trace from when it was queued to when its Secret and status are written, and in etcd. kube-apiserver begins
// another, with a link, for what it is sent by others than administrators.
func TestASyncIsOneTrace(t *testing.T) {
	t.Parallel()
	f := env.Tenant(t)
	f.Kubectl.Apply(fmt.Sprintf(externalSecret, "sync"))
	isSync := func(s collector.Span) bool {
		return s.Name == "sync" && s.Attribute("k8s.namespace.name") == f.Namespace && s.Attribute("result") == "SecretSynced"
	}
	trace := awaitTrace(t, "the trace of a sync", isSync, paths(
		"sync > sync.queued",
		// What was read just before, for the warnings of the write, is not asked for again: there may be no request to the provider.
		"sync > sync.parked",
		"sync > evaluate > store.read",
		"sync > sync.write > render",
		"sync > sync.write > HTTP POST",
		"sync > sync.report > .*PUT "+regexp.QuoteMeta(routeOfObject+"/status"),
		"sync > sync.report > .*etcdserverpb.KV/Txn",
	))
	write, _ := trace.Find("sync.write")
	require.Equal(t, "Create", write.Attribute("result"))
	sync, _ := trace.Find("sync")
	require.Equal(t, "first", sync.Attribute("cause"))
}

// A collector that takes nothing costs nobody anything, the end of the server included.
func TestACollectorThatHangs(t *testing.T) {
	f := env.Tenant(t)
	arrived.Hang(true)
	defer arrived.Hang(false)
	for i := range 20 {
		f.Kubectl.Apply(fmt.Sprintf(externalSecret, fmt.Sprint("hung-", i)))
	}
	f.Kubectl.Run("wait", "--for=condition=Ready", "externalsecrets", "--all", "--timeout=60s")
	f.Kubectl.Run("get", "externalsecrets", "-o", "yaml")
	env.Server.Stop(t)
	require.Contains(t, lastLine(env.Server.Log(t)), "Ended", "it was not killed")
	env.Server.Start(t)
	require.Contains(t, env.Server.Log(t), "Traces are not delivered")
}

func lastLine(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	return lines[len(lines)-1]
}
