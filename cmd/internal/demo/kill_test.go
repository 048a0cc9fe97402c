package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/cmd/internal/app"
)

// childFile names, in the environment, the configuration that a child of the tests serves.
const childFile = "HARKARA_TEST_SERVE"

// serveChild is a gateway in a process of its own, for the tests to kill.
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

// TestKilled kills the gateway, with its embedded NATS, again and again under load: what it had acknowledged must end
// once, and what was sent twice must be declared.
func TestKilled(t *testing.T) {
	const kills = 4
	w, err := prepare(t.Context(), Setting{SMSC: quick, Extra: impatient, Sync: "always", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { w.Stop(); w.Remove() }()
	load := Load{Messages: 1500, Rate: 400, Seed: 7}
	t.Logf("seed %d", load.Seed)
	random := rand.New(rand.NewPCG(load.Seed, 0))
	gateway := w.child(t)
	tenants := map[string]*tenantClient{}
	for _, q := range mix {
		if tenants[q.tenant], err = w.tenant(q.tenant); err != nil {
			t.Fatal(err)
		}
		defer tenants[q.tenant].conn.Close()
	}
	publishing := make(chan error, 1)
	go func() { publishing <- w.insist(t.Context(), load, tenants) }()
	for range kills {
		<-time.After(400*time.Millisecond + time.Duration(random.IntN(800))*time.Millisecond)
		if err := gateway.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = gateway.Wait() // killed, it says
		gateway = w.child(t)
	}
	if err := <-publishing; err != nil {
		t.Error(err)
	}
	// Not by the tenants' statuses: what is published while a tenant finds its way back to NATS has nobody to hear it.
	if err := settled(t.Context(), w.open(t), load.idPrefix()+"%", load.Messages); err != nil {
		t.Error(err)
	}
	w.verify(t, load, w.SMSCs)
	if err := gateway.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := gateway.Wait(); err != nil {
		t.Errorf("the last gateway ended with %v", err)
	}
}

// insist publishes a load like a careful tenant: each request again, with the same id, until it is acknowledged.
func (w *World) insist(ctx context.Context, load Load, tenants map[string]*tenantClient) error {
	r := rand.New(rand.NewPCG(load.Seed, load.Seed))
	pace := time.NewTicker(time.Second / time.Duration(load.Rate))
	defer pace.Stop()
	var under sync.WaitGroup
	defer under.Wait()
	for i := range load.Messages {
		q := mix[i%len(mix)]
		id := fmt.Sprintf("%s%06d", load.idPrefix(), i)
		body, err := json.Marshal(map[string]any{"id": id, "to": load.number(i), "template": q.template, "header": q.header,
			"vars": q.vars(r), "ref": fmt.Sprint(i)})
		if err != nil {
			return err
		}
		t := tenants[q.tenant]
		t.mu.Lock()
		t.published[id] = time.Now()
		t.mu.Unlock()
		under.Go(func() {
			for ctx.Err() == nil {
				try, cancel := context.WithTimeout(ctx, time.Second)
				_, err := t.js.Publish(try, "sms."+t.id+".send."+load.class(), body, jetstream.WithMsgID(id))
				cancel()
				if err == nil {
					return
				}
			}
		})
		select {
		case <-pace.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
