package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// shell runs commands as somebody at a terminal would, and shows each with what
// it wrote.
type shell struct {
	*cluster
	out io.Writer
}

// answer is what a command wrote.
type answer struct {
	command string
	text    string
	err     error
}

// kubectl runs kubectl.
func (s *shell) kubectl(ctx context.Context, args ...string) answer {
	return s.kubectlInput(ctx, "", args...)
}

// kubectlInput runs kubectl with something on its standard input.
func (s *shell) kubectlInput(ctx context.Context, stdin string, args ...string) answer {
	a := s.silently(ctx, stdin, args...)
	s.show(a)
	return a
}

// silently is kubectlInput without showing anything.
func (s *shell) silently(ctx context.Context, stdin string, args ...string) answer {
	a := answer{command: "kubectl " + quote(args)}
	if stdin != "" {
		a.command = "echo " + quote([]string{stdin}) + " | " + a.command
	}
	stdout, stderr, err := s.controlPlane.KubectlInput(ctx, s.kubeconfig, strings.NewReader(stdin), args...)
	a.text, a.err = stdout+stderr, err
	return a
}

// put changes a field of an item in the simulated 1Password.
func (s *shell) put(ctx context.Context, item, field, value string) error {
	address := s.providers.controlURL + "/connect/vaults/pitower/items/" + item + "/fields/" + field
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, address, strings.NewReader(value))
	if err != nil {
		return err
	}
	s.show(answer{command: "curl -X PUT -d " + quote([]string{value, address})})
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("PUT %s: %s", address, response.Status)
	}
	return nil
}

func (s *shell) show(a answer) {
	fmt.Fprintf(s.out, "\n$ %s\n", a.command)
	if text := strings.TrimRight(a.text, "\n"); text != "" {
		fmt.Fprintln(s.out, text)
	}
}

// comment says something between commands.
func (s *shell) comment(format string, args ...any) {
	fmt.Fprintf(s.out, "\n# "+format+"\n", args...)
}

// says checks that the command succeeded and wrote something that matches each
// expression.
func (a answer) says(expressions ...string) error {
	if a.err != nil {
		return a.err
	}
	return a.matches(expressions)
}

// refused checks that the command failed with something that matches each
// expression.
func (a answer) refused(expressions ...string) error {
	if a.err == nil {
		return fmt.Errorf("%s: expected to be refused, got:\n%s", a.command, a.text)
	}
	return a.matches(expressions)
}

// hides checks that the command wrote nothing of a text.
func (a answer) hides(text string) error {
	if strings.Contains(a.text, text) {
		return fmt.Errorf("%s: expected nothing of %q, got:\n%s", a.command, text, a.text)
	}
	return nil
}

func (a answer) matches(expressions []string) error {
	for _, expression := range expressions {
		if !regexp.MustCompile(expression).MatchString(a.text) {
			return fmt.Errorf("%s: expected something that matches %q, got:\n%s", a.command, expression, a.text)
		}
	}
	return nil
}

const (
	// patience is far longer than anything takes, on a machine that does much else.
	patience = 90 * time.Second
	pause    = 200 * time.Millisecond
)

// eventually repeats check until it returns nil.
func eventually(ctx context.Context, check func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("after %s: %w", patience, err)
		}
	}
}

var plain = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// quote writes arguments as a shell wants them.
func quote(args []string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = arg
		if !plain.MatchString(arg) {
			quoted[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
