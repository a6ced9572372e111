package controlplane

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// waitLimit is how long a test waits for what must happen soon.
const waitLimit = time.Minute

func startHelper(t *testing.T, args ...string) *process {
	t.Helper()
	spawner := startSpawner()
	log := filepath.Join(t.TempDir(), "helper.log")
	p, err := startProcess(spawner, "helper", os.Args[0], args, nil, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.kill(); err != nil {
			t.Error(err)
		}
		spawner.close()
	})
	return p
}

func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
	defer cancel()
	if err := poll(ctx, func(context.Context) error { return check() }); err != nil {
		t.Fatalf("waiting until %s: %v", what, err)
	}
}

func TestStopEndsAProcess(t *testing.T) {
	p := startHelper(t, helperSleep)
	if err := p.stop(waitLimit); err != nil {
		t.Fatal(err)
	}
	if alive(p.cmd.Process.Pid) {
		t.Error("the process is still there")
	}
	status := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signal() != syscall.SIGTERM {
		t.Errorf("ended by %v, want SIGTERM", status.Signal())
	}
}

func TestStopKillsAProcessThatDoesNotEnd(t *testing.T) {
	p := startHelper(t, helperDeaf)
	eventually(t, "the helper ignores SIGTERM", func() error {
		if !strings.Contains(p.logTail(), "deaf") {
			return context.DeadlineExceeded
		}
		return nil
	})
	if err := p.stop(time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if alive(p.cmd.Process.Pid) {
		t.Error("the process is still there")
	}
	status := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signal() != syscall.SIGKILL {
		t.Errorf("ended by %v, want SIGKILL", status.Signal())
	}
}

func TestStopReportsAProcessThatEndedByItself(t *testing.T) {
	p := startHelper(t, helperFail)
	<-p.exited
	err := p.stop(waitLimit)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"helper", "exit status 3", "cannot go on"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error %q does not hold %q", err, want)
		}
	}
}

func TestLogTailShowsTheLastRunAlone(t *testing.T) {
	spawner := startSpawner()
	defer spawner.close()
	log := filepath.Join(t.TempDir(), "helper.log")
	if err := os.WriteFile(log, []byte("an earlier run\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := startProcess(spawner, "helper", os.Args[0], []string{helperFail}, nil, log)
	if err != nil {
		t.Fatal(err)
	}
	<-p.exited
	if got := p.logTail(); got != "cannot go on" {
		t.Errorf("tail of the log is %q", got)
	}
	content, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(content), "an earlier run\n") {
		t.Errorf("the log lost what an earlier run wrote: %q", content)
	}
}

func TestAComponentMovesFromAPortThatIsTaken(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(logDir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	spawner := startSpawner()
	defer spawner.close()
	var tried []int
	c := &component{name: "helper", path: os.Args[0], portCount: 1}
	c.args = func(ports []int) []string {
		tried = append(tried, ports[0])
		if len(tried) == 1 {
			thief, err := net.Listen("tcp", hostPort(ports[0]))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { thief.Close() })
		}
		return []string{helperListen, hostPort(ports[0])}
	}
	c.ready = func(ctx context.Context) error {
		if len(tried) == 1 {
			return context.DeadlineExceeded // the one who answers there is the thief
		}
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", hostPort(c.ports[0]))
		if err == nil {
			conn.Close()
		}
		return err
	}
	if err := c.start(t.Context(), spawner, dir); err != nil {
		t.Fatal(err)
	}
	defer c.stop()
	if len(tried) != 2 || tried[0] == tried[1] || c.ports[0] != tried[1] {
		t.Errorf("tried the ports %v, runs on %v", tried, c.ports)
	}

	if err := c.stop(); err != nil {
		t.Fatal(err)
	}
	if err := c.start(t.Context(), spawner, dir); err != nil {
		t.Fatal(err)
	}
	if c.ports[0] != tried[1] {
		t.Errorf("restarted on port %d instead of %d", c.ports[0], tried[1])
	}
}

// alive reports whether a process that is no zombie of ours has the pid.
func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }
