package loopback

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const child = "HARKARA_LOOPBACK_CHILD"

// TestMain is a child that takes addresses, and lives until its standard input ends.
func TestMain(m *testing.M) {
	if os.Getenv(child) == "" {
		os.Exit(m.Run())
	}
	for range each {
		addr, err := Addr()
		if err != nil {
			panic(err)
		}
		fmt.Println(addr)
	}
	fmt.Scanln()
}

const each = 500 // of 20,000: two processes that did not know of each other would meet a dozen times

// TestAddr takes addresses in two processes at once: none twice, and each can be listened on.
func TestAddr(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), child+"=1")
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	seen := map[string]bool{}
	for range each {
		addr, err := Addr()
		if err != nil {
			t.Fatal(err)
		}
		if seen[addr] {
			t.Fatalf("%s twice", addr)
		}
		seen[addr] = true
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
	}
	for range each {
		var addr string
		if _, err := fmt.Fscanln(out, &addr); err != nil {
			t.Fatal(err)
		}
		if seen[strings.TrimSpace(addr)] {
			t.Fatalf("%s was given to two processes", addr)
		}
	}
}
