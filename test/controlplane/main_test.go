package controlplane

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

// The test binary starts itself as the children that the tests need. The first
// argument says as which.
const (
	helperSleep  = "helper-sleep"  // sleeps until it is told to end
	helperDeaf   = "helper-deaf"   // ignores SIGTERM
	helperFail   = "helper-fail"   // says why and fails
	helperListen = "helper-listen" // listens on the address that follows
	helperParent = "helper-parent" // starts helperSleep, prints its pid, and waits
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case helperSleep:
			time.Sleep(time.Hour)
		case helperDeaf:
			signal.Ignore(syscall.SIGTERM)
			fmt.Println("deaf")
			time.Sleep(time.Hour)
		case helperFail:
			fmt.Println("cannot go on")
			os.Exit(3)
		case helperListen:
			listenForever(os.Args[2])
		case helperParent:
			beParent()
		}
	}
	os.Exit(m.Run())
}

func listenForever(address string) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			os.Exit(1)
		}
		conn.Close()
	}
}

func beParent() {
	spawner := startSpawner()
	cmd := exec.Command(os.Args[0], helperSleep)
	cmd.SysProcAttr = childAttributes()
	if err := spawner.start(cmd); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(cmd.Process.Pid)
	time.Sleep(time.Hour)
}
