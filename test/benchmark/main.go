// Command benchmark measures the whole process: this repository's server, built as for use, in a real control plane with
// the RBAC that it ships, against simulated providers. "make bench" runs it; docs/performance.md says what it showed.
//
// Everything runs on this machine and shares its processors: control plane, providers, readers and server. Latencies and
// times are upper bounds, therefore; requests, writes and the server's own CPU time and memory are not disturbed by it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// settings say how long the phases of a row last.
type settings struct {
	steady  time.Duration  // the window in which nothing changes
	changes int            // how many items change
	reads   time.Duration  // how long readers read, per operation
	soak    time.Duration  // how long items change while memory is watched; not at all when 0
	phases  *regexp.Regexp // which phases run
	profile string         // a directory for profiles of the server's CPU
	logs    string         // a directory that keeps what the processes wrote
	args    []string       // further flags of the server
	env     []string       // further variables of its environment
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	full := flag.Bool("full", false, "run all rows of docs/performance.md, which takes most of an hour; without it, two short ones")
	pattern := flag.String("run", "", "run the rows whose `name` matches this regular expression")
	list := flag.Bool("list", false, "print the names of the rows and end")
	out := flag.String("out", "", "write the results to this `file`, as JSON")
	table := flag.Bool("table", false, "print the tables of the files in the arguments, which -out wrote, and run nothing")
	set := settings{}
	flag.DurationVar(&set.steady, "steady", 0, "how long to watch while nothing changes (20s, or 1m with -full)")
	flag.IntVar(&set.changes, "changes", 0, "how many items change (10, or 40 with -full)")
	flag.DurationVar(&set.reads, "reads", 0, "how long readers read, per operation (1s, or 4s with -full)")
	flag.DurationVar(&set.soak, "soak", 0, "how long to watch memory while five items a second change; not at all when 0")
	phases := flag.String("phases", "", "run the phases whose `name` matches this regular expression: what it leaves out is not in the tables")
	flag.StringVar(&set.profile, "profile", "", "write profiles of the server's CPU time to this `directory`; they cost some of it")
	flag.StringVar(&set.logs, "logs", "", "keep logs and data of all processes below this `directory`")
	args := flag.String("args", "", "further `flags` of the server, separated by spaces")
	env := flag.String("env", "", "further `variables` of the server's environment, as NAME=VALUE, separated by spaces")
	flag.Parse()
	set.args, set.env = strings.Fields(*args), strings.Fields(*env)

	if *table {
		return printFiles(flag.Args())
	}
	var err error
	if set.phases, err = regexp.Compile(*phases); err != nil {
		return fmt.Errorf("-phases: %w", err)
	}
	rows := quickRows()
	set.defaults(20*time.Second, 10, time.Second)
	if *full {
		rows = fullRows()
		set.defaults(time.Minute, 40, 4*time.Second)
	}
	if rows, err = chosen(rows, *pattern); err != nil {
		return err
	}
	if *list {
		for _, r := range rows {
			fmt.Println(r.Name)
		}
		return nil
	}
	return measureAll(ctx, rows, set, *out)
}

// defaults fills in what no flag has set. The zero of a flag is none that anybody wants.
func (s *settings) defaults(steady time.Duration, changes int, reads time.Duration) {
	if s.steady == 0 {
		s.steady = steady
	}
	if s.changes == 0 {
		s.changes = changes
	}
	if s.reads == 0 {
		s.reads = reads
	}
}

// measureAll runs rows one after the other. What has been measured is written even where a later row fails.
func measureAll(ctx context.Context, rows []Row, set settings, out string) error {
	report := Report{Go: runtime.Version(), CPUs: runtime.NumCPU(), CPU: cpuModel(), Date: time.Now().UTC().Truncate(time.Second)}
	var errs []error
	for _, r := range rows {
		fmt.Fprintf(os.Stderr, "%s: %s\n", time.Now().Format(time.TimeOnly), r.Name)
		result, err := measure(ctx, r, set)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", r.Name, err))
			if ctx.Err() != nil {
				break
			}
			continue
		}
		report.Results = append(report.Results, *result)
		result.print(os.Stderr)
	}
	report.print(os.Stdout)
	if out != "" {
		content, err := json.MarshalIndent(report, "", "  ")
		if err == nil {
			err = os.WriteFile(out, append(content, '\n'), 0o600)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// printFiles prints the results of several runs as one report, which is dated like the first of them.
func printFiles(paths []string) error {
	var all Report
	for i, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var report Report
		if err := json.Unmarshal(content, &report); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if i == 0 {
			all = report
		} else {
			all.Results = append(all.Results, report.Results...)
		}
	}
	all.print(os.Stdout)
	return nil
}
