package main

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// client is one bound ESME.
type client interface {
	// caller gives the means to submit one message and wait for its answer, with what one caller reuses.
	caller() func() error
	// receipts is how many delivery receipts were parsed and answered.
	receipts() int64
	close()
}

// The one message, made up: text, addresses and DLT ids.
const (
	text       = "00000000 is your made-up code for a made-up purpose. It is valid for ten minutes. Do not share it. -ACME"
	header     = "ACMEBK"
	to         = "919800000001"
	entityID   = "1101000000000000001"
	templateID = "1107000000000000001"
	validity   = 5 * time.Minute
	timeout    = 10 * time.Second // for an answer
)

// figures is what one round gave. CPU times and allocations are per submit that was answered.
type figures struct {
	Rate        float64 // submits answered per second; with receipts, until the last of them
	CPU         float64 // µs of this process
	SMSC        float64 // µs of the simulator
	Allocations float64
	Failed      int64 // submits without an acceptance
	Lost        int64 // receipts that the SMSC made and the client's handler never saw, those of the warm-up too
	Window      int   // most submit_sm that the SMSC held at a time
}

const (
	warmUp   = 300 * time.Millisecond
	patience = time.Second // how long a round waits for receipts while none comes
)

// measure runs one round: a fresh simulator, a fresh bind, a warm-up, then the callers for the length of the round and
// until the last receipt.
func measure(o options, c cores, entrant int, receipts bool) (figures, error) {
	s, err := startSimulator(o.smscsim, c)
	if err != nil {
		return figures{}, err
	}
	defer s.stop()
	esme, err := entrants[entrant].open(s.addr, o, receipts)
	if err != nil {
		return figures{}, err
	}
	defer esme.close()
	callers := o.window * entrants[entrant].callers
	if t := submitFor(esme, callers, warmUp, receipts); t.accepted == 0 {
		return figures{}, fmt.Errorf("no submit was accepted: %w", t.err)
	}

	runtime.GC()
	before, err := observe(s)
	if err != nil {
		return figures{}, err
	}
	t := submitFor(esme, callers, o.length, receipts)
	after, err := observe(s)
	if err != nil {
		return figures{}, err
	}
	if t.accepted == 0 {
		return figures{}, fmt.Errorf("no submit was accepted: %w", t.err)
	}
	f := after.since(before, t)
	books, err := s.books()
	if err != nil {
		return figures{}, err
	}
	f.Lost, f.Window = int64(books.Receipts)-esme.receipts(), books.MaxWindow
	return f, nil
}

// tally is what became of the submits of a stretch of time.
type tally struct {
	accepted, failed int64
	err              error // of one that failed
	took             time.Duration
}

// submitFor lets as many callers submit for d, one message after the other, and waits for their receipts.
func submitFor(esme client, callers int, d time.Duration, receipts bool) tally {
	var t tally
	var over atomic.Bool
	var mu sync.Mutex
	var all sync.WaitGroup
	want, began := esme.receipts(), time.Now()
	defer time.AfterFunc(d, func() { over.Store(true) }).Stop()
	for range callers {
		all.Go(func() {
			submit := esme.caller()
			var mine tally
			for !over.Load() {
				if err := submit(); err != nil {
					mine.failed, mine.err = mine.failed+1, err
				} else {
					mine.accepted++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			t.accepted, t.failed, t.err = t.accepted+mine.accepted, t.failed+mine.failed, errors.Join(t.err, mine.err)
		})
	}
	all.Wait()
	end := time.Now()
	if receipts {
		end = awaitReceipts(esme, want+t.accepted)
	}
	t.took = end.Sub(began)
	return t
}

// awaitReceipts waits for the last receipt, or gives up, and returns when the last one came.
func awaitReceipts(esme client, want int64) (last time.Time) {
	last = time.Now()
	for seen := esme.receipts(); seen < want && time.Since(last) < patience; {
		time.Sleep(time.Millisecond)
		if n := esme.receipts(); n > seen {
			seen, last = n, time.Now()
		}
	}
	return last
}

// observation is what both processes have used so far.
type observation struct {
	cpu, smsc time.Duration
	mallocs   uint64
}

func observe(s *simulator) (observation, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return observation{}, fmt.Errorf("read our CPU time: %w", err)
	}
	smsc, err := s.cpu()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return observation{time.Duration(u.Utime.Nano() + u.Stime.Nano()), smsc, m.Mallocs}, err
}

// since gives the figures of the submits between two observations.
func (o observation) since(before observation, t tally) figures {
	each := 1 / float64(t.accepted)
	return figures{
		Rate:        float64(t.accepted) / t.took.Seconds(),
		CPU:         float64((o.cpu - before.cpu).Nanoseconds()) / 1e3 * each,
		SMSC:        float64((o.smsc - before.smsc).Nanoseconds()) / 1e3 * each,
		Allocations: float64(o.mallocs-before.mallocs) * each,
		Failed:      t.failed,
	}
}
