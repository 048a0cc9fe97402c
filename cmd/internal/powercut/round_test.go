//go:build powercut

package powercut

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"harkara/smpp/smsctest"
)

// round is one power cut, or two in a row, with all that it takes.
type round struct {
	*setup
	random  *rand.Rand
	image   string // what is mounted now
	disk    *disk
	smscs   map[string]*smsctest.SMSC
	tenants *tenants

	canary     chan struct{} // closed to end the canary's writer
	canaryDone chan time.Time

	cuts      []time.Time
	copied    time.Duration // how long the longest copy took
	unsynced  time.Duration // of a file that nobody syncs, the most that a cut took
	frames    int           // that the gateway said it had lost
	recovered int           // starts of PostgreSQL that replayed its WAL
	restart   time.Duration // from the start on the copy to ready
	settled   time.Duration // from ready to the end of everything
	errors    []string      // what the gateway logged as an error
}

const (
	rate      = 200 // requests a second, batches apart
	ackWait   = 10 * time.Second
	longest   = 45 * time.Second // for everything to end after a restart
	cutWithin = 4 * time.Second
)

// startRound copies the base, mounts the copy, and starts SMSCs and tenants around it.
func startRound(s *setup, base string, seed uint64) (*round, error) {
	r := &round{setup: s, random: rand.New(rand.NewPCG(seed, 0)), image: filepath.Join(s.dir, "0.img")}
	if err := copyImage(base, r.image); err != nil {
		return nil, err
	}
	var err error
	if r.disk, err = mountImage(r.image, s.at); err != nil {
		return nil, err
	}
	if r.smscs, err = s.startSMSCs(); err != nil {
		return nil, err
	}
	r.tenants, err = join(s.nats, seed)
	return r, err
}

// startSMSCs starts simulators, which live through the cuts, and writes the configuration that names them.
func (s *setup) startSMSCs() (map[string]*smsctest.SMSC, error) {
	smscs := map[string]*smsctest.SMSC{}
	for name, addr := range map[string]*string{"sim-a": &s.smscA, "sim-b": &s.smscB} {
		smsc, err := smsctest.Listen("127.0.0.1:0", smsctest.Config{SystemID: "harkara", Password: password,
			Latency: 15 * time.Millisecond, ReceiptDelay: 150 * time.Millisecond, AckTimeout: 2 * time.Second})
		if err != nil {
			return nil, err
		}
		smscs[name], *addr = smsc, smsc.Addr().String()
	}
	return smscs, s.configure()
}

// end takes the round down, whatever state it is in.
func (r *round) end() error {
	if r.tenants != nil {
		r.tenants.leave()
	}
	err := killAll()
	for _, s := range r.smscs {
		s.Close()
	}
	if r.disk != nil {
		err = errors.Join(err, r.disk.unmount())
	}
	return errors.Join(err, os.Remove(r.image))
}

// run is the round's story: work, cut, start on what is left, wait until everything has ended.
func (r *round) run(ctx context.Context) (*result, error) {
	g, err := r.serve()
	if err != nil {
		return nil, err
	}
	if err := g.await(); err != nil {
		return nil, err
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	go r.tenants.work(working, rate)
	if err := r.startCanary(); err != nil {
		return nil, err
	}
	time.Sleep(100*time.Millisecond + time.Duration(r.random.Int64N(int64(cutWithin))))
	if r.random.IntN(4) == 0 { // the power comes back, and goes again while the gateway starts or soon after
		if g, err = r.cutPower(g); err != nil {
			return nil, err
		}
		if err := r.startCanary(); err != nil {
			return nil, err
		}
		time.Sleep(time.Duration(r.random.Int64N(int64(3 * time.Second))))
	}
	stop()
	if g, err = r.cutPower(g); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := g.await(); err != nil {
		return nil, err
	}
	r.restart = time.Since(began)
	defer func() { r.errors = append(r.errors, g.errors()...) }()
	out, err := r.settle(ctx, g)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, g.tail())
	}
	r.frames = g.framesLost()
	if err := g.stop(); err != nil {
		return nil, err
	}
	log, err := os.ReadFile(filepath.Join(r.at, "data", "postgres", "server.log"))
	r.recovered = strings.Count(string(log), "automatic recovery in progress")
	return out, err
}

// cutPower stops everything, keeps the image as the disk has it, and starts a gateway on that.
func (r *round) cutPower(g *gateway) (*gateway, error) {
	last := r.endCanary()
	select {
	case <-g.ended:
		return nil, fmt.Errorf("the gateway ended by itself, after %d cuts: %s", len(r.cuts), g.tail())
	default:
	}
	if err := freeze(g.cmd.Process.Pid); err != nil {
		return nil, err
	}
	r.cuts = append(r.cuts, time.Now())
	next := filepath.Join(r.dir, fmt.Sprintf("%d.img", len(r.cuts)))
	if err := r.disk.capture(next); err != nil {
		return nil, err
	}
	r.copied = max(r.copied, time.Since(r.cuts[len(r.cuts)-1]))
	if err := killAll(); err != nil {
		return nil, err
	}
	<-g.ended
	r.errors = append(r.errors, g.errors()...)
	if err := errors.Join(r.disk.unmount(), os.Remove(r.image)); err != nil {
		return nil, err
	}
	var err error
	r.image = next
	if r.disk, err = mountImage(next, r.at); err != nil {
		return nil, err
	}
	kept, err := r.canaryKept()
	if err != nil {
		return nil, err
	}
	r.unsynced = max(r.unsynced, last.Sub(kept))
	return r.serve()
}

// settle waits until everything has ended and compares the books. Where requests may be lost nothing says when that is:
// then it waits until JetStream has brought again what a dead gateway had, and nothing moves any more.
func (r *round) settle(ctx context.Context, g *gateway) (out *result, err error) {
	ready := time.Now()
	if err := r.tenants.acknowledged(longest); err != nil {
		return nil, err
	}
	requests := r.tenants.requests()
	db, err := r.openBooks()
	if err != nil {
		return nil, err
	}
	defer db.Close()
	for {
		select {
		case <-g.ended:
			return nil, errors.New("the gateway ended by itself")
		default:
		}
		rows, err := db.messages(ctx, r.tenants.prefix())
		if err != nil {
			return nil, err
		}
		ended := 0
		for _, m := range rows {
			if !open(m.state) {
				ended++
			}
		}
		patient := time.Since(ready) > ackWait+3*time.Second && r.idle()
		over := ended == len(requests) || r.sync != "always" && patient
		if over && quiet(r.smscs) && r.idle() || time.Since(ready) > longest {
			kept, err := db.receipts(ctx)
			if err != nil {
				return nil, err
			}
			r.settled = time.Since(ready)
			out = hold(requests, rows, r.smscs, kept, r.cuts)
			if !quiet(r.smscs) {
				out.unforeseen++
				out.findings = append(out.findings, finding{"receipts are left", "they are not acknowledged"})
			}
			return out, nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// idle says whether PostgreSQL has all that the ledger has.
func (r *round) idle() bool { return r.gauge("ledger_position") == r.gauge("projection_position") }

// The canary is a file on the cut disk to which the time is written every few milliseconds, and which nobody syncs: what is
// missing of it shows that the cut took what was not synced.
const canaryName = "canary"

func (r *round) startCanary() error {
	f, err := os.Create(filepath.Join(r.at, canaryName))
	if err != nil {
		return err
	}
	r.canary, r.canaryDone = make(chan struct{}), make(chan time.Time, 1)
	began := time.Now()
	first := binary.BigEndian.AppendUint64(nil, uint64(began.UnixNano()))
	if err := os.WriteFile(filepath.Join(r.dir, canaryName), first, 0o600); err != nil {
		return err
	}
	go func() {
		defer f.Close()
		last := began
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case last = <-tick.C:
				if _, err := f.Write(binary.BigEndian.AppendUint64(nil, uint64(last.UnixNano()))); err != nil {
					panic(err) // the disk of the test is full
				}
			case <-r.canary:
				r.canaryDone <- last
				return
			}
		}
	}()
	return nil
}

// endCanary returns what was written last.
func (r *round) endCanary() time.Time {
	close(r.canary)
	return <-r.canaryDone
}

// canaryKept returns the last time that is in the file; when its writing began where there is none.
func (r *round) canaryKept() (time.Time, error) {
	for _, name := range []string{filepath.Join(r.at, canaryName), filepath.Join(r.dir, canaryName)} {
		raw, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return time.Time{}, err
		}
		if whole := len(raw) / 8 * 8; whole > 0 && binary.BigEndian.Uint64(raw[whole-8:]) > 0 {
			return time.Unix(0, int64(binary.BigEndian.Uint64(raw[whole-8:]))), nil
		}
	}
	return time.Time{}, io.ErrUnexpectedEOF
}
