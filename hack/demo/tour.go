package main

import (
	"context"
	"fmt"
	"io"
)

// steps are the tour, in order. Each shows something and checks that it is so.
var steps = []struct {
	title string
	run   func(context.Context, *shell) error
}{
	{"The credentials of the stores, and the manifests of artifacts/examples as they are", applyExamples},
	{"What stands a moment later", lookAround},
	{"A live read: the value as the provider has it now, straight from the provider", readLive},
	{"A change in 1Password is seen by the very next read, and arrives in the Secret", followChange},
	{"... or at once, when somebody asks for it", refresh},
	{"Who may not read the Secret learns no value", refuse},
	{"What a store can see; what the server counts", lookDeeper},
}

// walk goes through the tour and stops at the first step that does not show what
// it should.
func walk(ctx context.Context, c *cluster, out io.Writer) error {
	s := &shell{cluster: c, out: out}
	for n, step := range steps {
		fmt.Fprintf(out, "\n---- %d. %s\n", n+1, step.title)
		if err := step.run(ctx, s); err != nil {
			return fmt.Errorf("step %d (%s): %w", n+1, step.title, err)
		}
	}
	return nil
}
