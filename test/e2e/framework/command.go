package framework

import (
	"bytes"
	"context"
	"os/exec"
	"testing"
)

// Command runs a subcommand of the server's program to its end.
func (e *Environment) Command(t testing.TB, args ...string) (stdout []byte, stderr string, err error) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), e.binary, args...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err = cmd.Run()
	return out.Bytes(), complaints.String(), err
}

// Binary is the server's program.
func (e *Environment) Binary() string { return e.binary }
