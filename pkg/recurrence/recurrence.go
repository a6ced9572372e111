// Package recurrence reads the schedules of sync windows: cron expressions of five fields (minute, hour, day of the month,
// month, day of the week), macros such as @daily, and "@every 1h". They are in the zone of the time that they are asked
// about. Admission and the materializer read them through it, so that what was let in can be followed.
package recurrence

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// MaxLength is the longest schedule, in bytes: each field may list every number there is.
const MaxLength = 512

// minPeriod is the shortest period of "@every". The parser rounds up what is shorter, below zero too.
const minPeriod = time.Second

// Schedule gives times.
type Schedule interface {
	// Next is the first time after another; zero where none comes within five years. It takes a few thousand steps at most.
	Next(time.Time) time.Time
}

// Parse reads a schedule. Its errors are fit for messages.
func Parse(text string) (Schedule, error) {
	if len(text) > MaxLength {
		return nil, fmt.Errorf("is longer than %d bytes", MaxLength)
	}
	// The parser panics where nothing follows the zone.
	if strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "CRON_TZ=") {
		return nil, errors.New("must not name a time zone: schedules are in UTC")
	}
	parsed, err := cron.ParseStandard(text)
	if err != nil {
		return nil, fmt.Errorf(`must be a cron expression of five fields, or a macro such as @daily or "@every 1h": %w`, err)
	}
	switch schedule := parsed.(type) {
	case *cron.SpecSchedule:
		// A field of commas alone parses. Without a minute the parser's own search runs through every minute of five years.
		if schedule.Minute == 0 || schedule.Hour == 0 || schedule.Dom == 0 || schedule.Month == 0 || schedule.Dow == 0 {
			return nil, errors.New("must have a number, a name or * in each of its five fields")
		}
	case cron.ConstantDelaySchedule:
		if period, err := time.ParseDuration(strings.TrimPrefix(text, "@every ")); err != nil || period < minPeriod {
			return nil, fmt.Errorf("must be every %s or less often", minPeriod)
		}
	}
	return parsed, nil
}

// reference begins five years that have two leap days in them.
var reference = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)

// Comes tells whether a schedule has times at all: the 31st of February has none.
func Comes(s Schedule) bool { return !s.Next(reference).IsZero() }
