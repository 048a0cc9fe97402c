package smsctest

import (
	"errors"
	"net"
	"time"

	"harkara/smpp/pdu"
)

// bind is one connection, bound or not. The SMSC's lock guards all but conn and the channels.
type bind struct {
	conn net.Conn
	wake chan struct{} // one place: there is output, or the bind is closed
	room chan struct{} // one place: output is being written, or a submit_sm was answered

	bound               bool
	transmits, receives bool
	stopped             bool // by stop_reading
	leaving             bool // nothing more is read: what is written goes out, then the connection is closed
	closed              bool
	dirty               bool // on SMSC.dirty

	out      []byte              // PDUs to be written
	inFlight map[uint32]struct{} // submit_sm that wait for their answer
	answered int                 // answers in out
	window   int                 // submit_sm received and not yet answered on the wire

	clashed  map[uint32]struct{}  // numbers of our deliver_sm that were taken from submit_sm
	lastSeq  uint32               // of our deliver_sm
	unacked  map[uint32]*delivery // by the sequence number of their deliver_sm
	sent     queue[sending]       // of them, the oldest first, for the ack time-out; some may be acked
	watching bool                 // a doAckTime is on the agenda
}

// flushTime is how long a client may take to read our last words.
const flushTime = 5 * time.Second

// ServeConn speaks with one client until it leaves, its connection breaks or Close; it closes conn.
func (s *SMSC) ServeConn(conn net.Conn) {
	b := &bind{
		conn:     conn,
		wake:     make(chan struct{}, 1),
		room:     make(chan struct{}, 1),
		inFlight: map[uint32]struct{}{},
		unacked:  map[uint32]*delivery{},
		clashed:  map[uint32]struct{}{},
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		_ = conn.Close()
		return
	}
	s.wg.Add(1)
	defer s.wg.Done()
	s.books.Connections++
	s.binds[b] = struct{}{}
	s.mu.Unlock()

	written := make(chan struct{})
	go func() {
		defer close(written)
		s.write(b)
	}()
	s.read(b)
	s.end(b)
	<-written
}

// read takes PDUs, all that have come under one lock, until the client or a fault ends the connection.
func (s *SMSC) read(b *bind) {
	r := pdu.NewReader(b.conn)
	for s.awaitRoom(b) {
		f, err := r.Next()
		stop := time.Duration(0)
		if err == nil {
			stop, err = s.take(b, r, f)
		}
		if errors.Is(err, pdu.ErrLength) {
			s.garbled(b)
		}
		if err != nil || stop > 0 && !s.standStill(b, stop) {
			return
		}
	}
}

// errLeaving ends the reading of a connection that is to be closed.
var errLeaving = errors.New("the connection is to be closed")

// take handles f and the frames that have come with it, up to one that makes the connection leave (errLeaving) or stand
// still (for stop).
func (s *SMSC) take(b *bind, r *pdu.Reader, f pdu.Frame) (stop time.Duration, err error) {
	s.mu.Lock()
	defer s.release()
	now := s.now()
	for err == nil {
		s.handle(b, f, now)
		if b.leaving {
			return 0, errLeaving
		}
		if b.stopped {
			stop = s.cfg.StopFor
			break
		}
		if !r.Buffered() {
			break
		}
		f, err = r.Next()
	}
	s.pump(now)
	return stop, err
}

// standStill waits for d, and says whether the SMSC is still open then.
func (s *SMSC) standStill(b *bind, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.done:
		return false
	}
	s.mu.Lock()
	defer s.release()
	b.stopped = false
	s.pump(s.now())
	return true
}

// awaitRoom waits until the client has taken enough of what is due to it; false: the SMSC is closed.
func (s *SMSC) awaitRoom(b *bind) bool {
	for s.isFull(b) {
		select {
		case <-b.room:
		case <-s.done:
			return false
		}
	}
	return true
}

func (s *SMSC) isFull(b *bind) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(b.out) >= maxOut || len(b.inFlight) >= maxInFlight
}

// write writes what gathers in b.out, all that is there with one call, until the bind is closed.
func (s *SMSC) write(b *bind) {
	var buf []byte
	for {
		<-b.wake
		s.mu.Lock()
		buf, b.out = b.out, buf[:0]
		// A client may send its next submit_sm as soon as it sees an answer, so answers leave the window before the
		// write: the window seen is never larger than the client's own.
		b.window -= b.answered
		b.answered = 0
		closed := b.closed
		s.mu.Unlock()
		signal(b.room)
		if closed {
			_ = b.conn.SetWriteDeadline(time.Now().Add(flushTime)) // where it fails, so does the write
		}
		if len(buf) > 0 {
			if _, err := b.conn.Write(buf); err != nil {
				closed = s.lost(b) || closed
			}
		}
		if closed {
			_ = b.conn.Close() // nobody is left to be told
			return
		}
	}
}

// lost closes a connection that can't be written to, so that its reader ends as well, and says whether it has.
func (s *SMSC) lost(b *bind) bool {
	_ = b.conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	return b.closed
}

// end takes the bind off the books; receipts that it did not ack are due again at once.
func (s *SMSC) end(b *bind) {
	s.mu.Lock()
	defer s.release()
	b.bound, b.closed = false, true
	s.drop(b)
	for b.sent.len() > 0 {
		if x := b.sent.pop(); b.awaits(x) {
			x.delivery.bind = nil
			s.ready.push(x.delivery)
		}
	}
	clear(b.unacked)
	s.touch(b)
	s.pump(s.now())
}
