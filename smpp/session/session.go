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
	Window      int           // outstanding submit_sm, query_sm and cancel_sm
	ReceiptsMax int           // deliver_sm and data_sm handed on and not answered yet
	BindTimeout time.Duration // for the bind response
	Response    time.Duration // for every other response
	EnquireLink time.Duration // of silence, after which the SMSC is asked whether it lives
	Statuses    *Statuses     // what this SMSC's statuses mean; nil: the standard's
	Busy        pdu.Status    // to a deliver_sm or data_sm that there is no room for; 0: ESME_RX_T_APPN
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

// Result is what became of one request: a submit, or a query or cancel that was asked.
type Result[T any] struct {
	Value     T
	Command   pdu.CommandID // SubmitSM, QuerySM or CancelSM
	Verdict   Verdict
	Status    pdu.Status       // as the SMSC gave it; ESME_ROK where no answer came
	MessageID string           // of a submit, as the SMSC wrote it
	Query     *pdu.QueryAnswer // of an answered query_sm that the SMSC did not refuse; else nil
	Late      bool             // the second result of this request: the first said InDoubt
	At        time.Time
	Wait      time.Duration // since the write, or since Submit or Ask where it was not written
}

// Counts are what a session has seen and done since it began.
type Counts struct {
	Received uint64 // deliver_sm and data_sm
	Deferred uint64 // of them, those answered Config.Busy by the session itself
	Unknown  uint64 // unknown commands, responses to nothing or of another command, bodies that do not parse
}

// Session is one conversation. The zero value is of no use: make it with New. One goroutine owns it.
type Session[T any] struct {
	cfg   Config
	state State
	fault error
	win   *window.Window[request[T]]

	out   []byte
	marks []mark // where the requests with a slot in out end

	bindSeq, probeSeq, unbindSeq uint32
	due                          time.Time // when the state's own time is over
	heard                        time.Time // when the last PDU came
	responded                    time.Time // when the last response came
	deaf                         bool      // a request timed out, and no response has come since it was sent
	probeDue                     time.Time // until when enquire_link_resp is awaited; zero: it is not

	owed       int // PDUs handed on and not answered
	results    []Result[T]
	deliveries []pdu.Frame
	expired    []window.Entry[request[T]]
	counts     Counts
	ids        ids // the message_ids of the results
}

// New returns a session that has not begun.
func New[T any](cfg Config) *Session[T] {
	if cfg.Busy == pdu.ESME_ROK {
		cfg.Busy = pdu.ESME_RX_T_APPN
	}
	return &Session[T]{cfg: cfg, win: window.New[request[T]](cfg.Window)}
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

// Close ends the session, whatever its state, and makes a result of every request that has none: in doubt where it
// was written whole, unsent where it was not. The fault is kept unless the session had ended with one of its own.
func (s *Session[T]) Close(fault error, now time.Time) {
	s.end(fault)
	written, unwritten := s.win.Abandon()
	for i := range written {
		s.result(&written[i], InDoubt, now)
	}
	for i := range unwritten {
		s.result(&unwritten[i], Unsent, now)
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
