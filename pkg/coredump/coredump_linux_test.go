package coredump_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/live-secrets/external-secrets-apiserver/pkg/coredump"
)

// asChild has this test's program be a process that crashes.
const asChild = "COREDUMP_TEST_CHILD"

// TestDisable has a process of its own tell its limits, and then end as one does that dumps core.
func TestDisable(t *testing.T) {
	if how := os.Getenv(asChild); how != "" {
		child(how)
	}
	report := func(how string) (told string, end syscall.WaitStatus) {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDisable$")
		cmd.Env, cmd.Dir = append(os.Environ(), asChild+"="+how), t.TempDir()
		out, _ := cmd.Output() // It ends as it ends.
		return string(out), cmd.ProcessState.Sys().(syscall.WaitStatus)
	}
	told, end := report("disabled")
	require.Contains(t, told, "dumpable 0\n")
	require.Contains(t, told, "Max core file size 0 0 bytes\n")
	require.Contains(t, told, "itself: true\n", "what metrics of the process are made of can be read")
	require.Equal(t, syscall.SIGABRT, end.Signal(), "it crashed as a process does that dumps core")
	require.False(t, end.CoreDump())

	told, _ = report("as it is")
	require.Contains(t, told, "dumpable 1\n", "the test would see it")
}

func child(how string) {
	if how == "disabled" {
		if err := coredump.Disable(); err != nil {
			fmt.Println(err)
			os.Exit(0)
		}
	}
	dumpable, _ := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	fmt.Println("dumpable", dumpable)
	limits, _ := os.ReadFile("/proc/self/limits")
	for line := range strings.SplitSeq(string(limits), "\n") {
		fmt.Println(strings.Join(strings.Fields(line), " "))
	}
	files, err := os.ReadDir("/proc/self/fd")
	_, statErr := os.ReadFile("/proc/" + strconv.Itoa(os.Getpid()) + "/stat")
	fmt.Println("itself:", err == nil && statErr == nil && len(files) > 0)
	if how != "disabled" {
		os.Exit(0)
	}
	debug.SetTraceback("crash")
	panic("as nobody would wish")
}
