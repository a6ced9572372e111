package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ticks is how many of the units of /proc/PID/stat a second has, on every architecture of Linux that Go supports.
const ticks = 100

// process reads what Linux counts of a process.
type process int

// cpu is the CPU time that the process has used, in seconds.
func (p process) cpu() (float64, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p))
	if err != nil {
		return 0, fmt.Errorf("reading the CPU time: %w", err)
	}
	// The name, in parentheses, may hold spaces. utime and stime are fields 14 and 15 of all, the state is field 3.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("reading the CPU time: %q is too short", stat)
	}
	user, err := strconv.ParseUint(fields[11], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reading the CPU time: %w", err)
	}
	system, err := strconv.ParseUint(fields[12], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reading the CPU time: %w", err)
	}
	return float64(user+system) / ticks, nil
}

// memory is the memory that the process has resident, now and at its peak, in MiB.
func (p process) memory() (now, peak float64, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p))
	if err != nil {
		return 0, 0, fmt.Errorf("reading the memory: %w", err)
	}
	for scanner := bufio.NewScanner(bytes.NewReader(status)); scanner.Scan(); {
		name, value, _ := strings.Cut(scanner.Text(), ":")
		if name != "VmRSS" && name != "VmHWM" {
			continue
		}
		kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		if err != nil {
			return 0, 0, fmt.Errorf("reading the memory: %w", err)
		}
		if name == "VmRSS" {
			now = kib / 1024
		} else {
			peak = kib / 1024
		}
	}
	return now, peak, nil
}

// cpuModel is how Linux calls this machine's processor.
func cpuModel() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
