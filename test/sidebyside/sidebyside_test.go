package sidebyside

import (
	"regexp"
	"strings"
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
)

func TestSideBySide(t *testing.T) {
	// An older host serves definitions with older libraries, whose field managers and messages are not those of this server.
	if version := controlplane.Kubernetes(); version != controlplane.Newest {
		t.Skip("a host of " + version + " has other libraries than this server")
	}
	createTwins(t)
	t.Run("corpus", testCorpus)
	unseen := map[string]bool{}
	for name := range differences {
		unseen[name] = true
	}
	for _, script := range scripts {
		t.Run(script.name, func(t *testing.T) {
			ours, twin := script.run(t, ourGroup), script.run(t, twinGroup)
			for _, step := range script.steps {
				name := script.name + "/" + step.name
				delete(unseen, name)
				compare(t, name, ours[step.name], twin[step.name])
			}
		})
	}
	for name := range unseen {
		t.Errorf("differences has %q, which no script does", name)
	}
}

// compare fails for a difference that is not listed, and for one that is listed
// and is none.
func compare(t *testing.T, name, ours, twin string) {
	t.Helper()
	intended, listed := differences[name]
	if ours == twin {
		if listed {
			t.Errorf("%s: the answers are the same: it is listed as %q", name, intended.reason)
		}
		return
	}
	onlyOurs, onlyTwin := without(ours, twin), without(twin, ours)
	if listed && allMatch(intended.ours, onlyOurs) && allMatch(intended.twin, onlyTwin) {
		return
	}
	t.Errorf("%s: a CRD (-) and this server (+) differ:\n- %s\n+ %s", name,
		strings.Join(onlyTwin, "\n- "), strings.Join(onlyOurs, "\n+ "))
}

// without returns the lines of a text that another does not have, as often as it
// has them more often.
func without(text, other string) []string {
	count := map[string]int{}
	for line := range strings.SplitSeq(other, "\n") {
		count[line]++
	}
	var rest []string
	for line := range strings.SplitSeq(text, "\n") {
		if count[line]--; count[line] < 0 {
			rest = append(rest, line)
		}
	}
	return rest
}

func allMatch(expression string, lines []string) bool {
	line := regexp.MustCompile("^(" + expression + ")$")
	for _, l := range lines {
		if !line.MatchString(l) {
			return false
		}
	}
	return true
}
