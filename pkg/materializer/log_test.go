package materializer

import (
	"bytes"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// journal is a log in memory.
type journal struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.out.Write(p)
}

// into has a Materializer log everything here that an operator sees without -v.
func (j *journal) into(c *Config) { c.Logger = slog.New(slog.NewTextHandler(j, nil)) }

var timestamps = regexp.MustCompile(`(?m)^time=\S+ level=`)

// take is the lines since the last time, without their times.
func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	text := strings.TrimSpace(timestamps.ReplaceAllString(j.out.String(), ""))
	j.out.Reset()
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return lines
}

func TestEachDecisionIsOneLine(t *testing.T) {
	log := &journal{}
	bubble(t, func(t *testing.T, f *fixture) {
		after(time.Second)
		require.Equal(t, []string{
			`INFO msg="Leading: this replica writes Secrets and polls"`,
			`INFO msg="Store became ready" store=SecretStore/team/vault`,
		}, log.take())

		f.add(deletes(v1.DeletionDelete), every("5m"))
		after(time.Minute)
		require.Equal(t, []string{
			`INFO msg="ExternalSecret became ready" externalSecret=team/db reason=SecretSynced failures=0`,
			`INFO msg="Target written" externalSecret=team/db target=Secret/team/db action=created reason=first`,
		}, log.take())

		after(2 * time.Hour)
		require.Empty(t, log.take(), "what stays as it is is no news")

		f.vault.set("password", "new")
		after(time.Minute)
		require.Equal(t, []string{
			`INFO msg="Target written" externalSecret=team/db target=Secret/team/db action=updated reason=changed`,
		}, log.take())

		f.vault.fail(provider.Errorf(provider.Forbidden, "no right"))
		after(2 * time.Hour)
		failures := log.take()
		require.Len(t, failures, 2, "a failure that lasts is told once: %q", failures)
		require.Contains(t, failures[0], `WARN msg="ExternalSecret failed" externalSecret=team/db reason=SecretSyncedError message="could not get`)
		require.Contains(t, failures[1], `WARN msg="Store is not ready" store=SecretStore/team/vault reason=InvalidProviderConfig`)

		f.vault.fail(nil)
		after(10 * time.Minute)
		recovered := log.take()
		require.Len(t, recovered, 2)
		require.Regexp(t, `msg="ExternalSecret became ready" externalSecret=team/db reason=SecretSynced failures=\d+$`, recovered[0])
		require.Contains(t, recovered[1], `msg="Store became ready"`)

		f.vault.do(func() { clear(f.vault.values) })
		after(2 * time.Minute)
		require.Equal(t, []string{
			`INFO msg="Target written" externalSecret=team/db target=Secret/team/db action=deleted reason=DeletionPolicy`,
		}, log.take())
		f.stop()
		require.Equal(t, []string{`INFO msg="Not leading any more: this replica writes nothing"`}, log.take())
		f.stop = func() {}
	}, log.into)
}

func TestAStatusThatIsNotWrittenIsToldOnce(t *testing.T) {
	log := &journal{}
	bubble(t, func(t *testing.T, f *fixture) {
		after(time.Second)
		log.take()
		for range 5 {
			f.refuse = append(f.refuse, apierrors.NewServiceUnavailable("etcd"))
		}
		f.add()
		after(10 * time.Minute)
		told := 0
		for _, line := range log.take() {
			if strings.Contains(line, `msg="Status not written" object=ExternalSecret/team/db err=etcd`) {
				told++
			}
		}
		require.Equal(t, 1, told)
	}, log.into)
}
