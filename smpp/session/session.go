package session

import (
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/window"
)

// Config is what a session is told about itself.
type Config struct {
	Bind        pdu.Bind
	As          pdu.CommandID // pdu.BindTransceiver, BindTransmitter or BindReceiver
	Window      int           // outstanding submit_sm
	ReceiptsMax int           // deliver_sm and data_sm handed on and not answered yet
	BindTimeout time.Duration // for the bind response
	Response    time.Duration // for every other response
	EnquireLink time.Duration // of silence, after which the SMSC is asked whether it lives
}

// State is where a session stands.
type State uint8

// The states, in their order.
const (
	Opening   State = iota // not begun
	Binding                // bind sent
	Bound                  // submits and receipts go
	Draining               // stopping: waits for what is outstanding, takes nothing new
	Unbinding              // unbind sent
	Closed                 // over; Fault says why
)

var stateNames = [...]string{"opening", "binding", "bound", "draining", "unbinding", "closed"}

// String returns the state's name in lower case.
func (s State) String() string { return stateNames[s] }

// Result is what became of one submit.
type Result[T any] struct {
	Value     T
	Verdict   Verdict
	Status    pdu.Status // as the SMSC gave it; ESME_ROK where no answer came
	MessageID string     // as the SMSC wrote it
	Late      bool       // the second result of this submit: the first said InDoubt
	At        time.Time
	Wait      time.Duration // since the write, or since Submit where it was not written
}

// Counts are what a session has seen and done since it began.
type Counts struct {
	Received uint64 // deliver_sm and data_sm
	Deferred uint64 // of them, those answered ESME_RX_T_APPN by the session itself
	Unknown  uint64 // unknown commands, responses to nothing, bodies that do not parse
}

// Session is one conversation. The zero value is of no use: make it with New. One goroutine owns it.
type Session[T any] struct {
	cfg   Config
	state State
	fault error
	win   *window.Window[T]

	out   []byte
	marks []mark // where the submits in out end

	bindSeq, probeSeq, unbindSeq uint32
	due                          time.Time // when the state's own time is over
	heard                        time.Time // when the last PDU came
	probeDue                     time.Time // until when enquire_link_resp is awaited; zero: it is not

	owed       int // PDUs handed on and not answered
	results    []Result[T]
	deliveries []pdu.Frame
	expired    []window.Entry[T]
	counts     Counts
	sm         pdu.SM // scratch for the check of deliver_sm
}

// mark says that the submit seq ends before octet end of the output.
type mark struct {
	seq uint32
	end int
}

// New returns a session that has not begun.
func New[T any](cfg Config) *Session[T] {
	return &Session[T]{cfg: cfg, win: window.New[T](cfg.Window)}
}

// Open begins the session: it sends the bind. The error, if any, is of a field that can't go on the wire.
func (s *Session[T]) Open(now time.Time) (err error) {
	s.must(s.state == Opening, "Open")
	s.bindSeq = s.win.Number()
	if s.out, err = pdu.AppendBind(s.out, s.cfg.As, s.bindSeq, &s.cfg.Bind); err != nil {
		return err
	}
	s.state, s.due, s.heard = Binding, now.Add(s.cfg.BindTimeout), now
	return nil
}

// Room says how many submits the session takes now: none unless it is bound, and not as a receiver.
func (s *Session[T]) Room() int {
	if s.state != Bound || s.cfg.As == pdu.BindReceiver {
		return 0
	}
	return s.win.Free()
}

// Submit sends m as a submit_sm; its result comes with v. There must be Room. The error says which field of m can't go
// on the wire; nothing was sent then, and no result comes.
func (s *Session[T]) Submit(m *pdu.SM, v T, now time.Time) (err error) {
	s.must(s.Room() > 0, "Submit without room")
	seq, _ := s.win.Offer(v, now, now.Add(s.cfg.Response))
	if s.out, err = pdu.AppendSM(s.out, pdu.SubmitSM, seq, m); err != nil {
		s.win.Answer(seq)
		return err
	}
	s.marks = append(s.marks, mark{seq, len(s.out)})
	return nil
}

// Answer responds to a deliver_sm or data_sm that was handed on, by its header. It is called once for each.
func (s *Session[T]) Answer(h pdu.Header, status pdu.Status, now time.Time) {
	if s.state < Bound || s.state == Closed {
		return
	}
	s.owed--
	s.out = pdu.AppendResp(s.out, h.ID.Response(), status, h.Seq, "")
	s.drained(now)
}

// Stop begins to leave: a bound session takes nothing new, waits for what is outstanding at most one response timeout,
// unbinds, and waits as long for the answer. A session that is not bound is closed.
func (s *Session[T]) Stop(now time.Time) {
	switch s.state {
	case Opening, Binding:
		s.end(ErrStopped)
	case Bound:
		s.state, s.due = Draining, now.Add(s.cfg.Response)
		s.drained(now)
	}
}

// drained sends the unbind when there is nothing left to wait for, or no time.
func (s *Session[T]) drained(now time.Time) {
	if s.state != Draining || (s.win.Len()+s.owed > 0 && now.Before(s.due)) {
		return
	}
	s.unbindSeq = s.win.Number()
	s.out = pdu.AppendHeader(s.out, pdu.Unbind, pdu.ESME_ROK, s.unbindSeq)
	s.state, s.due = Unbinding, now.Add(s.cfg.Response)
}

// Close ends the session, whatever its state, and makes a result of every submit that has none: in doubt where it was
// written whole, unsent where it was not. The fault is kept unless the session had ended with one of its own.
func (s *Session[T]) Close(fault error, now time.Time) {
	s.end(fault)
	written, unwritten := s.win.Abandon()
	for i := range written {
		s.report(&written[i], InDoubt, pdu.ESME_ROK, "", false, now)
	}
	for i := range unwritten {
		s.report(&unwritten[i], Unsent, pdu.ESME_ROK, "", false, now)
	}
	s.out, s.marks = s.out[:0], s.marks[:0]
}

// end closes with the first fault.
func (s *Session[T]) end(fault error) {
	if s.state != Closed {
		s.state, s.fault = Closed, fault
	}
}

// must panics on a call that its caller's own state forbids.
func (s *Session[T]) must(ok bool, call string) {
	if !ok {
		panic("session: " + call + " while " + s.state.String())
	}
}
