package smsctest

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"harkara/smpp/pdu"
)

// SMSC is a running simulator. Its methods may be called from any goroutine.
type SMSC struct {
	start  time.Time
	done   chan struct{} // closed by Close
	sooner chan struct{} // tells the agenda's goroutine that something is due earlier than it knows
	wg     sync.WaitGroup

	mu        sync.Mutex // guards all below
	cfg       Config
	rate      [faultCount]float64 // Config.Faults
	plain     bool                // of a submit_sm, nothing but its being legal matters: see glance
	closed    bool
	listeners []net.Listener
	binds     map[*bind]struct{} // connections, bound or not
	receivers []*bind            // those that take receipts
	turn      int                // the next receiver to be asked
	dirty     []*bind            // those with new output, to be woken when the lock is released
	agenda    agenda[task]
	wakeAt    time.Duration    // when the agenda's goroutine wakes by itself; maxTime: never
	ready     queue[*delivery] // receipts that are due
	clashing  queue[*delivery] // receipts that wait for a submit_sm whose number they take
	pace      lastSecond       // submits of the last second that were not throttled
	books     ledger
	lastID    uint64

	// Scratch, valid within one call.
	in, out pdu.SM
	notice  notice
	text    []byte
	key     []byte
	pair    [2]*delivery
}

const maxTime = time.Duration(1<<63 - 1)

// New starts an SMSC without a listener: give it connections by Serve or ServeConn, and end it by Close. Within a
// testing/synctest bubble it must be made in the bubble.
func New(cfg Config) *SMSC {
	s := &SMSC{
		start:  time.Now(),
		done:   make(chan struct{}),
		sooner: make(chan struct{}, 1),
		binds:  map[*bind]struct{}{},
		wakeAt: maxTime,
	}
	s.books.seen = map[digest]seen{}
	// Ids go on from the clock, so that an SMSC that is started anew does not give the same ones again.
	s.lastID = uint64(s.start.UnixMilli()) * 1_000_000
	s.configure(cfg.withDefaults())
	s.wg.Go(s.keepAgenda)
	return s
}

// Listen starts an SMSC on a TCP address, "127.0.0.1:0" for any free port; see Addr.
func Listen(addr string, cfg Config) (*SMSC, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for SMPP on %s: %w", addr, err)
	}
	s := New(cfg)
	s.listeners = append(s.listeners, l)
	s.wg.Go(func() { _ = s.accept(l) }) // it fails with the listener only, which nobody else closes
	return s, nil
}

// Addr gives the address of the first listener, nil where there is none.
func (s *SMSC) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.listeners) == 0 {
		return nil
	}
	return s.listeners[0].Addr()
}

// Change alters the configuration while the SMSC runs; what is under way keeps its times. SystemID and Password
// concern new binds. f must not call the SMSC.
func (s *SMSC) Change(f func(*Config)) {
	s.mu.Lock()
	defer s.release()
	cfg := s.cfg
	f(&cfg)
	s.configure(cfg.withDefaults())
}

func (s *SMSC) configure(cfg Config) {
	s.cfg = cfg
	s.rate = [faultCount]float64{}
	s.plain = cfg.CountOnly && cfg.NoReceipts && cfg.Seen == nil
	for f, rate := range cfg.Faults {
		s.rate[f] = rate
		s.plain = s.plain && rate <= 0
	}
}

// Books gives a copy of what the SMSC took. It costs some microseconds per kept message: ask Counters where they do.
func (s *SMSC) Books() Books {
	s.mu.Lock()
	counters, records, packed := s.counters(), s.books.records(), s.cfg.Packed
	s.mu.Unlock()
	return Books{counters, messagesOf(records, packed)}
}

// Counters gives a copy of the counters.
func (s *SMSC) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counters()
}

func (s *SMSC) counters() Counters {
	c := s.books.counters()
	for b := range s.binds {
		if b.bound {
			c.Bound++
		}
	}
	return c
}

// Serve takes connections until Close; then it returns nil.
func (s *SMSC) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return l.Close()
	}
	s.listeners = append(s.listeners, l)
	s.wg.Add(1)
	s.mu.Unlock()
	defer s.wg.Done()
	return s.accept(l)
}

func (s *SMSC) accept(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			if s.isClosed() {
				return nil
			}
			return fmt.Errorf("take a connection on %s: %w", l.Addr(), err)
		}
		s.wg.Go(func() { s.ServeConn(conn) })
	}
}

func (s *SMSC) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Close closes listeners and connections without a word, and waits for all goroutines. Receipts not yet acked stay
// unacked in the books. A second Close does nothing.
func (s *SMSC) Close() error {
	s.mu.Lock()
	var errs []error
	if !s.closed {
		s.closed = true
		close(s.done)
		for _, l := range s.listeners {
			errs = append(errs, l.Close())
		}
		for b := range s.binds {
			_ = b.conn.Close() // a connection that is gone already is as good
		}
	}
	s.mu.Unlock()
	s.wg.Wait()
	return errors.Join(errs...)
}

// now is the time since the start; all times within the SMSC count from there.
func (s *SMSC) now() time.Duration { return time.Since(s.start) }

// release gives the lock back, wakes the writers that got something to write, and the agenda where it has to wake
// earlier than it knows.
func (s *SMSC) release() {
	for _, b := range s.dirty {
		b.dirty = false
		signal(b.wake)
	}
	s.dirty = s.dirty[:0]
	if at, ok := s.agenda.next(); ok && at < s.wakeAt {
		s.wakeAt = at
		signal(s.sooner)
	}
	s.mu.Unlock()
}

// signal fills a channel of one place, or finds it filled.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// touch notes that b has output.
func (s *SMSC) touch(b *bind) {
	if !b.dirty {
		b.dirty = true
		s.dirty = append(s.dirty, b)
	}
}

// drop forgets a connection.
func (s *SMSC) drop(b *bind) {
	delete(s.binds, b)
	s.receivers = slices.DeleteFunc(s.receivers, func(r *bind) bool { return r == b })
}
