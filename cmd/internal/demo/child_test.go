package demo

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"harkara/cmd/internal/app"
)

// childFile names, in the environment, the configuration that a child of the tests serves.
const childFile = "HARKARA_TEST_SERVE"

// serveChild is a gateway in a process of its own.
func serveChild(file string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	app.TuneMemory()
	cfg, err := app.Load(file)
	if err == nil {
		var gateway *app.App
		if gateway, err = app.Open(ctx, cfg, slog.New(slog.DiscardHandler)); err == nil {
			err = gateway.Run(ctx, func() { fmt.Println("ready") })
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// child starts a gateway process and waits until it is ready.
func (w *World) child(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childFile+"="+w.File)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the gateway said %q, %v", line, err)
	}
	return cmd
}
