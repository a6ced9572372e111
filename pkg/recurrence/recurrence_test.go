package recurrence_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/recurrence"
)

func TestParse(t *testing.T) {
	monday := time.Date(2024, 1, 1, 8, 59, 59, 0, time.UTC)
	for text, next := range map[string]time.Time{
		"0 9 * * *":                     monday.Add(time.Second),
		"0 9 * * MON-FRI":               monday.Add(time.Second),
		"*/15 8-18 ? jan ?":             monday.Add(time.Second),
		"0  9  *  *  *":                 monday.Add(time.Second),
		"@hourly":                       monday.Add(time.Second),
		"@every 1h30m":                  monday.Add(90 * time.Minute),
		"@every 1s":                     monday.Add(time.Second),
		"0 0 29 2 *":                    time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		everyNumber():                   time.Date(2024, 1, 1, 9, 0, 0, 0, time.UTC),
		"0/9223372036854775807 9 * * *": monday.Add(time.Second),
	} {
		s, err := recurrence.Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, next, s.Next(monday), text)
		require.True(t, recurrence.Comes(s), text)
	}
}

// everyNumber is the longest schedule that anybody could mean.
func everyNumber() string {
	list := func(from, to int) string {
		var numbers []string
		for n := from; n <= to; n++ {
			numbers = append(numbers, strconv.Itoa(n))
		}
		return strings.Join(numbers, ",")
	}
	return strings.Join([]string{list(0, 59), list(0, 23), list(1, 31), list(1, 12), list(0, 6)}, " ")
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "cron expression of five fields",
		"at noon":                               "cron expression of five fields",
		"0 9 * *":                               "cron expression of five fields",
		"0 0 9 * * *":                           "cron expression of five fields",
		"60 * * * *":                            "end of range (60) above maximum (59)",
		"-1 * * * *":                            "cron expression",
		"*/0 * * * *":                           "step of range should be a positive number",
		"99999999999999999999 * * * *":          "cron expression",
		"@reboot":                               "unrecognized descriptor",
		"@every":                                "unrecognized descriptor",
		"@every often":                          "failed to parse duration",
		"@every 0s":                             "every 1s or less often",
		"@every -1h":                            "every 1s or less often",
		"@every 10ms":                           "every 1s or less often",
		"TZ=":                                   "time zone",
		"TZ=UTC":                                "time zone",
		"CRON_TZ=UTC":                           "time zone",
		"TZ=Europe/Berlin 0 9 * * *":            "time zone",
		", * * * *":                             "each of its five fields",
		"* * ,, * *":                            "each of its five fields",
		strings.Repeat("0,", 300) + "0 * * * *": "longer than 512 bytes",
	} {
		_, err := recurrence.Parse(text)
		require.ErrorContains(t, err, want, text)
	}
}

func TestWhatNeverComes(t *testing.T) {
	for _, text := range []string{"0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *"} {
		s, err := recurrence.Parse(text)
		require.NoError(t, err, text)
		require.False(t, recurrence.Comes(s), text)
		require.Zero(t, s.Next(time.Date(1733, 1, 1, 0, 0, 0, 0, time.UTC)), text)
	}
}

// No text makes the parser panic or the search for a time long.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"0 9 * * *", "@every 1h", "TZ=UTC", "CRON_TZ=x 0 0 * * *", ", , , , ,", "*/5 1-3 ? JAN SUN", "0 0 31 2 *"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := recurrence.Parse(text)
		if err != nil {
			return
		}
		now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		if next := s.Next(now); !next.IsZero() && !next.After(now) {
			t.Fatalf("%q: %v does not come after %v", text, next, now)
		}
	})
}
