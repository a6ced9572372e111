package collector

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Trace is the spans of one trace, oldest first.
type Trace []Span

// Traces are all that arrived, by their ids.
func (c *Collector) Traces() map[string]Trace {
	traces := map[string]Trace{}
	for _, s := range c.Spans() {
		traces[s.Trace()] = append(traces[s.Trace()], s)
	}
	for _, t := range traces {
		slices.SortFunc(t, func(a, b Span) int { return int(a.StartTimeUnixNano) - int(b.StartTimeUnixNano) })
	}
	return traces
}

// Find is the first span of a name; false where there is none.
func (t Trace) Find(name string) (Span, bool) {
	i := slices.IndexFunc(t, func(s Span) bool { return s.Name == name })
	if i < 0 {
		return Span{}, false
	}
	return t[i], true
}

// Any tells whether a span is among them.
func (t Trace) Any(is func(Span) bool) bool { return slices.ContainsFunc(t, is) }

// Connected says which span is not below any other but root, as an error; nil where the trace is one tree.
func (t Trace) Connected() error {
	ids := map[string]bool{}
	for _, s := range t {
		ids[hex.EncodeToString(s.SpanId)] = true
	}
	roots := 0
	for _, s := range t {
		if len(s.ParentSpanId) == 0 {
			roots++
		} else if !ids[hex.EncodeToString(s.ParentSpanId)] {
			return fmt.Errorf("span %q of %s is below one that did not arrive", s.Name, s.Service)
		}
	}
	if roots != 1 {
		return fmt.Errorf("the trace has %d roots", roots)
	}
	return nil
}

// Path is the names from the root to a span.
func (t Trace) Path(s Span) []string {
	path := []string{s.Name}
	for range t {
		i := slices.IndexFunc(t, func(above Span) bool { return bytes.Equal(above.SpanId, s.ParentSpanId) })
		if i < 0 {
			break
		}
		s = t[i]
		path = append(path, s.Name)
	}
	slices.Reverse(path)
	return path
}

// String is for messages of tests.
func (t Trace) String() string {
	var b strings.Builder
	for _, s := range t {
		fmt.Fprintf(&b, "%s [%s] %s\n", strings.Join(t.Path(s), " > "), s.Service, s.Status)
	}
	return b.String()
}
