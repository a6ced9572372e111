package controlplane

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// Process is a program that runs beside the control plane once, and on Linux ends with it at the latest.
type Process struct{ process *process }

// StartProcess starts a program with args and, beside what every component sees, env. Its output goes to the log file of its
// name, after that of others of the name.
func (cp *ControlPlane) StartProcess(name, path string, args, env []string) (*Process, error) {
	cp.lifecycle.Lock()
	defer cp.lifecycle.Unlock()
	if cp.stopped {
		return nil, fmt.Errorf("starting %s: the control plane has been stopped", name)
	}
	log := filepath.Join(cp.LogDir(), name+".log")
	p, err := startProcess(cp.spawner, name, path, args, append(environment(cp.options.Dir), env...), log)
	if err != nil {
		return nil, err
	}
	return &Process{p}, nil
}

// Exited is closed when the program has ended.
func (p *Process) Exited() <-chan struct{} { return p.process.exited }

// Failed says how a program that has ended failed; nil where it did not.
func (p *Process) Failed() error {
	if p.process.waitErr == nil {
		return nil
	}
	return errors.Join(p.process.waitErr, p.process.died())
}

// Stop asks the program to end, kills it after grace, and waits for it. It does nothing where it has ended.
func (p *Process) Stop(grace time.Duration) error {
	select {
	case <-p.process.exited:
		return nil
	default:
		return p.process.stop(grace)
	}
}
