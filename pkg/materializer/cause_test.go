package materializer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

func TestCause(t *testing.T) {
	now := time.Date(2000, 1, 1, 12, 0, 0, 0, time.UTC)
	past, future := now.Add(-time.Second), now.Add(time.Second)
	never := v1.ExternalSecretStatus{}
	before := v1.ExternalSecretStatus{SyncedResourceVersion: ptr.To("hash"), RefreshTime: ptr.To(metav1.NewTime(past))}
	onRequest := before
	onRequest.RefreshRequestTime = ptr.To(metav1.NewMicroTime(past))
	half := before
	half.RefreshTime = nil

	const once, onChange, periodic = v1.RefreshPolicyCreatedOnce, v1.RefreshPolicyOnChange, v1.RefreshPolicyPeriodic
	for name, c := range map[string]struct {
		policy   v1.ExternalSecretRefreshPolicy
		interval string
		status   v1.ExternalSecretStatus
		hash     string
		dueAt    time.Time
		want     cause
	}{
		"never, created once":              {once, "1h", never, "hash", time.Time{}, neverSynced},
		"never, on change":                 {onChange, "1h", never, "hash", time.Time{}, neverSynced},
		"never, periodic":                  {periodic, "1h", never, "hash", time.Time{}, neverSynced},
		"never, no policy":                 {"", "1h", never, "hash", time.Time{}, neverSynced},
		"never, interval 0":                {periodic, "0", never, "hash", time.Time{}, neverSynced},
		"not to the end":                   {once, "1h", half, "hash", time.Time{}, neverSynced},
		"done, created once":               {once, "1h", before, "hash", past, atRest},
		"done, created once, changed":      {once, "1h", before, "other", past, atRest},
		"done, on change":                  {onChange, "1h", before, "hash", past, atRest},
		"done, on change, changed":         {onChange, "1h", before, "other", past, edited},
		"done, on change, 0, changed":      {onChange, "0", before, "other", past, edited},
		"done, periodic, not due":          {periodic, "1h", before, "hash", future, atRest},
		"done, periodic, due":              {periodic, "1h", before, "hash", past, due},
		"done, periodic, due now":          {"", "1h", before, "hash", now, due},
		"done, periodic, nothing set":      {periodic, "1h", before, "hash", time.Time{}, atRest},
		"done, periodic, changed":          {periodic, "1h", before, "other", future, edited},
		"done, interval 0, due":            {periodic, "0", before, "hash", past, atRest},
		"done, interval 0, changed":        {"", "0s", before, "other", past, atRest},
		"asked, created once":              {once, "1h", onRequest, "hash", time.Time{}, asked},
		"asked, interval 0":                {periodic, "0", onRequest, "hash", time.Time{}, asked},
		"asked, periodic, changed and due": {periodic, "1h", onRequest, "other", past, asked},
	} {
		t.Run(name, func(t *testing.T) {
			es := &v1.ExternalSecret{Status: c.status}
			every(c.interval)(es)
			if c.policy != "" {
				refreshes(c.policy)(es)
			}
			require.Equal(t, c.want, causeOf(es, c.hash, c.dueAt, now))
		})
	}
}

func TestInterval(t *testing.T) {
	require.Equal(t, time.Hour, interval(&v1.ExternalSecret{}))
	es := &v1.ExternalSecret{}
	every("90s")(es)
	require.Equal(t, 90*time.Second, interval(es))
	every("often")(es)
	require.Equal(t, time.Hour, interval(es))
	every("1ns")(es)
	require.Equal(t, time.Second, interval(es))
	every("0")(es)
	require.Zero(t, interval(es))
}

func TestWindows(t *testing.T) {
	day := func(hour, minute, second int) time.Time {
		return time.Date(2024, 1, 1, hour, minute, second, 0, time.UTC)
	}
	at := func(schedule, duration string) []v1.SyncWindow {
		return []v1.SyncWindow{{Schedule: schedule, Duration: duration}}
	}
	allow, deny := v1.SyncWindowAllow, v1.SyncWindowDeny
	for name, c := range map[string]struct {
		kind    v1.SyncWindowKind
		windows []v1.SyncWindow
		now     time.Time
		open    bool
		again   time.Time
	}{
		"before":                   {allow, at("0 9 * * *", "1h"), day(8, 59, 59), false, day(9, 0, 0)},
		"at the beginning":         {allow, at("0 9 * * *", "1h"), day(9, 0, 0), true, time.Time{}},
		"inside":                   {allow, at("0 9 * * *", "1h"), day(9, 30, 0), true, time.Time{}},
		"at the end":               {allow, at("0 9 * * *", "1h"), day(10, 0, 0), true, time.Time{}},
		"after":                    {allow, at("0 9 * * *", "1h"), day(10, 0, 1), false, day(33, 0, 0)},
		"since yesterday":          {allow, at("0 22 * * *", "4h"), day(1, 0, 0), true, time.Time{}},
		"denied":                   {deny, at("0 9 * * *", "1h"), day(9, 30, 0), false, day(10, 0, 1)},
		"denied at the end":        {deny, at("0 9 * * *", "1h"), day(10, 0, 0), false, day(10, 0, 1)},
		"not denied any more":      {deny, at("0 9 * * *", "1h"), day(10, 0, 1), true, time.Time{}},
		"one of two":               {allow, append(at("0 9 * * *", "1h"), at("0 12 * * *", "1h")...), day(12, 1, 0), true, time.Time{}},
		"neither of two":           {allow, append(at("0 14 * * *", "1h"), at("0 12 * * *", "1h")...), day(10, 0, 0), false, day(12, 0, 0)},
		"a schedule that is wrong": {allow, at("at nine", "1h"), day(9, 0, 0), false, time.Time{}},
		"wrong and denied":         {deny, at("at nine", "1h"), day(9, 0, 0), true, time.Time{}},
		"a duration that is wrong": {allow, at("0 9 * * *", "long"), day(9, 0, 0), false, time.Time{}},
		"a macro":                  {allow, at("@daily", "30m"), day(0, 10, 0), true, time.Time{}},
		"a day that never comes":   {allow, at("0 0 30 2 *", "1h"), day(9, 0, 0), false, time.Time{}},
		"no minute at all":         {allow, at(", * * * *", "1h"), day(9, 0, 0), false, time.Time{}},
		"a zone and nothing else":  {deny, at("TZ=UTC", "1h"), day(9, 0, 0), true, time.Time{}},
		"another zone's clock":     {allow, at("0 9 * * *", "1h"), day(9, 30, 0).In(time.FixedZone("x", 5*3600)), true, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			open, again := windowsOpen(&v1.SyncWindows{Kind: c.kind, Windows: c.windows}, c.now)
			require.Equal(t, c.open, open)
			require.True(t, c.again.Equal(again), "again at %v", again)
		})
	}
	open, _ := windowsOpen(nil, day(1, 1, 1))
	require.True(t, open)
}
