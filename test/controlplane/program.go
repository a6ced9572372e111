package controlplane

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// ProgramOptions describes a server that runs beside the control plane.
type ProgramOptions struct {
	// Name is that of its log file.
	Name string
	// Path is the binary.
	Path string
	// Args returns the command line for the port of 127.0.0.1 that the program is
	// to listen on. It is asked at every start.
	Args func(port int) []string
	// Env is added to its environment, which else is empty but for PATH, HOME and
	// TMPDIR.
	Env []string
	// ReadyPath is a path that answers 200 over HTTPS, with a certificate of
	// ServingCert for 127.0.0.1, once the program can be used.
	ReadyPath string
}

// Program is a server that runs beside the control plane and ends with it. It may
// be started and stopped many times; its port stays the same.
type Program struct {
	cp        *ControlPlane
	component *component
}

// NewProgram describes a program. It starts nothing.
func (cp *ControlPlane) NewProgram(options ProgramOptions) (*Program, error) {
	c := &component{
		name: options.Name, path: options.Path, portCount: 1, env: options.Env,
		args: func(ports []int) []string { return options.Args(ports[0]) },
	}
	var err error
	c.ready, err = answersOK(TLSFiles{CA: cp.certificates.clusterCA}, func() string {
		return "https://" + hostPort(c.ports[0]) + options.ReadyPath
	})
	if err != nil {
		return nil, fmt.Errorf("describing %s: %w", options.Name, err)
	}
	cp.lifecycle.Lock()
	defer cp.lifecycle.Unlock()
	cp.programs = append(cp.programs, c)
	return &Program{cp: cp, component: c}, nil
}

// Start starts the program and returns when it is ready. It does nothing when it
// runs.
func (p *Program) Start(ctx context.Context) error { return p.cp.startComponent(ctx, p.component) }

// Stop asks the program to end and waits until it has. It returns an error when
// the program had ended by itself.
func (p *Program) Stop() error { return p.cp.stopComponent(p.component) }

// Kill ends the program without giving it a chance to tidy up.
func (p *Program) Kill() error {
	p.cp.lifecycle.Lock()
	defer p.cp.lifecycle.Unlock()
	running := p.component.running
	if running == nil {
		return errors.New("killing " + p.component.name + ": it does not run")
	}
	p.component.running = nil
	return running.kill()
}

// Drain asks the program to end and waits until it has, which must not take longer than grace, and succeeds only if it says so
// by its exit code. Other programs can be started and stopped meanwhile.
func (p *Program) Drain(grace time.Duration) error {
	p.cp.lifecycle.Lock()
	running := p.component.running
	p.component.running = nil
	p.cp.lifecycle.Unlock()
	if running == nil {
		return errors.New("draining " + p.component.name + ": it does not run")
	}
	if err := running.stop(grace); err != nil {
		return err
	}
	if state := running.cmd.ProcessState; !state.Success() {
		return fmt.Errorf("draining %s: %s; the end of its log:\n%s", p.component.name, state, running.logTail())
	}
	return nil
}

// PID is the id of the program's process, 0 when it does not run.
func (p *Program) PID() int {
	p.cp.lifecycle.Lock()
	defer p.cp.lifecycle.Unlock()
	if p.component.running == nil {
		return 0
	}
	return p.component.running.cmd.Process.Pid
}

// Port is where the program listens, from its first start on.
func (p *Program) Port() int {
	p.cp.lifecycle.Lock()
	defer p.cp.lifecycle.Unlock()
	if p.component.ports == nil {
		return 0
	}
	return p.component.ports[0]
}

// LogFile holds what all runs of the program wrote.
func (p *Program) LogFile() string {
	return filepath.Join(p.cp.LogDir(), p.component.name+".log")
}
