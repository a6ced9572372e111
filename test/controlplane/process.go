package controlplane

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// spawner starts processes from one OS thread that lives until close. On Linux a
// child asks to be killed with its parent, and the kernel takes the thread that
// forked for the parent.
type spawner struct {
	requests chan func()
	done     chan struct{}
}

func startSpawner() *spawner {
	s := &spawner{requests: make(chan func()), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		// Never unlocked: the thread ends with the goroutine.
		runtime.LockOSThread()
		for request := range s.requests {
			request()
		}
	}()
	return s
}

// start runs cmd.Start on the spawner's thread.
func (s *spawner) start(cmd *exec.Cmd) error {
	result := make(chan error)
	s.requests <- func() { result <- cmd.Start() }
	return <-result
}

// close ends the thread, and with it, on Linux, every process still running that
// was started from it.
func (s *spawner) close() {
	close(s.requests)
	<-s.done
}

// process is one running child. Its output goes to a log file that outlives it.
type process struct {
	name     string
	cmd      *exec.Cmd
	log      string
	logStart int64 // where this run's output begins in the log

	exited  chan struct{} // closed once waitErr is set
	waitErr error
}

// startProcess runs path with args and an environment of env alone.
func startProcess(s *spawner, name, path string, args, env []string, log string) (*process, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	// The child holds its own descriptor.
	defer file.Close()
	logStart, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...)
	cmd.Env = env
	cmd.Stdout, cmd.Stderr = file, file
	cmd.SysProcAttr = childAttributes()
	if err := s.start(cmd); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	p := &process{name: name, cmd: cmd, log: log, logStart: logStart, exited: make(chan struct{})}
	go func() {
		defer close(p.exited)
		p.waitErr = cmd.Wait()
	}()
	return p, nil
}

// stop asks the process to end, kills it after grace, and waits for it. It
// returns an error when the process had ended before it was asked.
func (p *process) stop(grace time.Duration) error {
	select {
	case <-p.exited:
		return p.died()
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping %s: %w", p.name, err)
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.exited:
		return nil
	case <-timer.C:
	}
	return p.kill()
}

// kill ends the process without giving it a chance to tidy up, and waits for it.
func (p *process) kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("killing %s: %w", p.name, err)
	}
	<-p.exited
	return nil
}

// died describes a process that ended by itself.
func (p *process) died() error {
	return fmt.Errorf("%s ended by itself (%s); the end of %s:\n%s", p.name, p.cmd.ProcessState, p.log, p.logTail())
}

const (
	logTailBytes = 8 << 10
	logTailLines = 20
)

// logTail returns the last lines that this run of the process wrote.
func (p *process) logTail() string {
	file, err := os.Open(p.log)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err.Error()
	}
	from := max(p.logStart, info.Size()-logTailBytes)
	content, err := io.ReadAll(io.NewSectionReader(file, from, info.Size()-from))
	if err != nil {
		return err.Error()
	}
	return lastLines(content)
}

func lastLines(content []byte) string {
	lines := strings.Split(string(bytes.TrimSpace(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-logTailLines):], "\n")
}

// portTaken reports whether this run of the process ended because somebody else
// listens on one of its ports.
func (p *process) portTaken() bool {
	return strings.Contains(p.logTail(), syscall.EADDRINUSE.Error())
}
