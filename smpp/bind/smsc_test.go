package bind

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// smsc is a scripted peer. It answers everything well, unless a test's script says otherwise.
type smsc struct {
	began  time.Time
	refuse error // of dials
	// script is asked first about each PDU, on the connection's own goroutine; true: it has done all there is to do.
	script func(c *conn, f pdu.Frame) bool
	work   sync.WaitGroup // what goes on

	mu    sync.Mutex
	dials []time.Duration // since began
	conns []*conn
	log   []string // "3s submit_sm 2" of each PDU that came, in order
}

// conn is one connection as the SMSC has it.
type conn struct {
	net.Conn
	smsc *smsc
	n    int // from 1
	ids  atomic.Int64
}

func newSMSC() *smsc { return &smsc{began: time.Now()} }

// dial is a Deps.Dial.
func (s *smsc) dial(context.Context, string, string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dials = append(s.dials, time.Since(s.began))
	if s.refuse != nil {
		return nil, s.refuse
	}
	ours, theirs := net.Pipe()
	c := &conn{Conn: ours, smsc: s, n: len(s.conns) + 1}
	s.conns = append(s.conns, c)
	s.work.Go(c.serve)
	return theirs, nil
}

// serve reads until the end of the connection.
func (c *conn) serve() {
	defer c.Close()
	for r := pdu.NewReader(c); ; {
		frames, err := r.NextBatch(nil)
		if err != nil {
			return
		}
		for _, f := range frames {
			h := f.Header()
			c.smsc.mu.Lock()
			c.smsc.log = append(c.smsc.log, fmt.Sprintf("%s %s %d", time.Since(c.smsc.began), h.ID, h.Seq))
			script := c.smsc.script
			c.smsc.mu.Unlock()
			if script == nil || !script(c, f) {
				c.answer(f, pdu.ESME_ROK)
			}
		}
	}
}

// follow sets the script while connections are up.
func (s *smsc) follow(script func(*conn, pdu.Frame) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
}

// answer answers a request, as well as it can.
func (c *conn) answer(f pdu.Frame, status pdu.Status) {
	h := f.Header()
	switch h.ID {
	case pdu.BindTransceiver, pdu.BindTransmitter, pdu.BindReceiver:
		c.send(pdu.AppendBindResp(nil, h.ID.Response(), status, h.Seq, "made-up"))
	case pdu.SubmitSM:
		c.send(pdu.AppendResp(nil, h.ID.Response(), status, h.Seq, fmt.Sprintf("id-%d-%d", c.n, c.ids.Add(1))))
	case pdu.QuerySM:
		c.send(pdu.AppendQueryResp(nil, status, h.Seq, &pdu.QueryAnswer{MessageID: "id-1-1", State: 2}))
	case pdu.EnquireLink, pdu.Unbind, pdu.CancelSM:
		c.send(pdu.AppendHeader(nil, h.ID.Response(), status, h.Seq))
	}
}

func (c *conn) send(octets []byte) { _, _ = c.Write(octets) }

// deliver sends a deliver_sm or data_sm.
func (c *conn) deliver(id pdu.CommandID, seq uint32) {
	octets, err := pdu.AppendSM(nil, id, seq, &pdu.SM{Source: "919800000001", Dest: "ACMEBK"})
	if err != nil {
		panic(err)
	}
	c.send(octets)
}

// conn returns the nth connection, from 1.
func (s *smsc) conn(n int) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns[n-1]
}

// lines returns the log entries that have one of the words in them; all without words.
func (s *smsc) lines(words ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for _, line := range s.log {
		for _, word := range words {
			if strings.Contains(line, " "+word+" ") {
				lines = append(lines, line)
			}
		}
		if len(words) == 0 {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, ", ")
}

// dialled returns when the SMSC was dialled.
func (s *smsc) dialled() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprint(s.dials)
}

// handler keeps what it is given, and answers as take says.
type handler struct {
	take func(f pdu.Frame, r Reply)

	mu    sync.Mutex
	got   []string
	lates []string
}

func (h *handler) Receive(_ sms.SMSCID, f pdu.Frame, r Reply) {
	h.mu.Lock()
	h.got = append(h.got, fmt.Sprintf("%s %d", f.Header().ID, f.Header().Seq))
	h.mu.Unlock()
	if h.take != nil {
		h.take(f, r)
	} else {
		r.Answer(pdu.ESME_ROK)
	}
}

func (h *handler) Late(sub *Submission, a Answer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lates = append(h.lates, fmt.Sprintf("%v %d %s %s", sub.Key == key, a.Segment, a.Verdict, a.MessageID))
}

func (h *handler) received() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.got, ", ")
}

func (h *handler) late() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.lates, ", ")
}

var key = sms.Key{1, 2, 3}

// fixture is a pool that runs against a scripted SMSC inside a bubble.
type fixture struct {
	t       *testing.T
	smsc    *smsc
	handler *handler
	pool    *Pool
	logged  bytes.Buffer // read it after stop
	cancel  context.CancelFunc
	ended   chan error
}

const password = "hushhush"

// config is the configuration that tests change.
func config() Config {
	return Config{
		SMSC: "sim-a", Addr: "smsc.invalid:2775", Binds: 1, Window: 4, Lane: 8, ReceiptsMax: 2,
		Bind: pdu.Bind{SystemID: "made-up", Password: password, InterfaceVersion: pdu.InterfaceVersion34},
		Timeouts: Timeouts{
			Dial: 3 * time.Second, Bind: 5 * time.Second, Response: 10 * time.Second, EnquireLink: 30 * time.Second,
			Write: 4 * time.Second,
		},
	}
}

// start runs a pool; jitter is always a half.
func start(t *testing.T, cfg Config, s *smsc, h *handler) *fixture {
	ctx, cancel := context.WithCancel(context.Background())
	f := &fixture{t: t, smsc: s, handler: h, cancel: cancel, ended: make(chan error, 1)}
	f.pool = NewPool(cfg, Deps{
		Dial: s.dial, Handler: h, Rand: func() float64 { return 0.5 },
		Log: slog.New(slog.NewTextHandler(&f.logged, nil)),
	})
	go func() { f.ended <- f.pool.Run(ctx) }()
	synctest.Wait()
	return f
}

// stop ends the pool and returns what Run returned and how long it took.
func (f *fixture) stop() (time.Duration, error) {
	began := time.Now()
	f.cancel()
	err := <-f.ended
	took := time.Since(began)
	f.smsc.work.Wait()
	if strings.Contains(f.logged.String(), password) {
		f.t.Error("the password is in the log")
	}
	return took, err
}

// after lets fake time pass, and everything that it brings.
func after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// submission is one of n segments that lives five minutes.
func submission(class sms.Class, n int) *Submission {
	sub := &Submission{Key: key, Class: class, Deadline: time.Now().Add(5 * time.Minute)}
	for i := range n {
		sub.SMs = append(sub.SMs, pdu.SM{Source: "ACMEBK", Dest: "919800000001", ShortMessage: []byte("made up")})
		sub.Segments = append(sub.Segments, i+1)
	}
	return sub
}

// submit submits in the background; the channel gives the outcome as text.
func (f *fixture) submit(sub *Submission) <-chan string {
	return f.submitWith(context.Background(), sub)
}

func (f *fixture) submitWith(ctx context.Context, sub *Submission) <-chan string {
	outcome := make(chan string, 1)
	go func() { outcome <- describe(f.smsc.began, f.pool.Submit(ctx, sub)) }()
	synctest.Wait()
	return outcome
}

// describe writes an outcome down: per segment its number, verdict, id and time since began; then the error.
func describe(began time.Time, o Outcome) string {
	var parts []string
	for _, a := range o.Answers {
		part := fmt.Sprintf("%d %s", a.Segment, a.Verdict)
		if a.Status != pdu.ESME_ROK {
			part += " " + a.Status.String()
		}
		if a.MessageID != "" {
			part += " " + a.MessageID
		}
		parts = append(parts, part+" at "+a.At.Sub(began).String())
	}
	if o.Err != nil {
		parts = append(parts, o.Err.Error())
	}
	return strings.Join(parts, ", ")
}

// want compares texts.
func (f *fixture) want(what, got, want string) {
	f.t.Helper()
	if got != want {
		f.t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

// silentOn is a script that leaves requests of some commands unanswered.
func silentOn(ids ...pdu.CommandID) func(*conn, pdu.Frame) bool {
	return func(_ *conn, f pdu.Frame) bool {
		for _, id := range ids {
			if f.Header().ID == id {
				return true
			}
		}
		return false
	}
}
