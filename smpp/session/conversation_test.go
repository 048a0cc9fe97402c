package session

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"harkara/smpp/pdu"
)

var rewrite = flag.Bool("rewrite", false, "write what the sessions did into testdata, for review")

// TestConversations replays testdata/*.txt. A line at the margin is an event; the indented lines after it are all that
// the session did. The events:
//
//	config window=N receipts=N as=transmitter    before open; defaults 3, 2, transceiver
//	config busy=N verdict=NAME                   the SMSC's own: Config.Busy, and what its status 0x401 means
//	open | stop | close | again                  again: the next session, from the first second on
//	submit NAME [bad] | ask COMMAND NAME [bad]
//	receive COMMAND seq=N [status=N] [id=TEXT] [state=N] [body=HEX]
//	answer COMMAND seq=N status=N                our handler's answer to a deliver_sm or data_sm
//	tick DURATION                                time goes on by that much, then Tick
//	wait DURATION                                time goes on, and nobody has called Tick yet
//	hold | flush [N]                             output stays unwritten until flush writes it, or N octets of it
func TestConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := replay(t, string(text)).got.String()
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(text) {
				t.Errorf("the conversation went otherwise:\n%s\nwant:\n%s", got, text)
			}
		})
	}
}

// replay runs the events of a conversation; got is the conversation with what really happened.
func replay(t *testing.T, text string) *conversation {
	t.Helper()
	c := &conversation{cfg: Config{
		Bind: pdu.Bind{SystemID: "made-up", Password: "secret", InterfaceVersion: pdu.InterfaceVersion34},
		As:   pdu.BindTransceiver, Window: 3, ReceiptsMax: 2,
		BindTimeout: 5 * time.Second, Response: 10 * time.Second, EnquireLink: 30 * time.Second,
	}, now: epoch, deadlines: map[uint32]time.Time{}, got: &strings.Builder{}}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "\t") {
			continue
		}
		fmt.Fprintln(c.got, line)
		if line != "" && !strings.HasPrefix(line, "#") {
			if err := c.event(strings.Fields(line)); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
		}
	}
	return c
}

var epoch = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// conversation is one replay.
type conversation struct {
	cfg     Config
	s       *Session[string]
	now     time.Time
	holding bool
	shown   int // octets of held output that were shown before
	state   State
	wake    string
	counts  Counts
	got     *strings.Builder

	deadlines map[uint32]time.Time // of the requests that were sent, by their number
	did       done
	visits    []visit
}

func (c *conversation) say(format string, args ...any) {
	fmt.Fprintf(c.got, "\t"+format+"\n", args...)
}

// event does one line, says what came of it, and notes the cells of the table that it was in.
func (c *conversation) event(words []string) error {
	args, err := arguments(words)
	if err != nil {
		return err
	}
	if words[0] == "config" {
		return c.configure(args)
	}
	if c.s == nil || words[0] == "again" {
		*c = conversation{cfg: c.cfg, s: New[string](c.cfg), now: epoch, deadlines: map[uint32]time.Time{}, got: c.got, visits: c.visits}
	}
	if words[0] == "tick" || words[0] == "wait" {
		d, err := time.ParseDuration(words[1])
		if err != nil {
			return err
		}
		c.now = c.now.Add(d)
	}
	rows, before, held, due := c.rows(words, args), c.s.state, c.s.Outstanding(), c.s.due
	c.did = done{}
	c.do(words, args)
	c.did.unknown = c.s.Counts().Unknown - c.counts.Unknown
	c.effects()
	c.did.state, c.did.moved, c.did.freed = c.s.state, c.s.state != before, held-c.s.Outstanding()
	if (before == Bound || before == Draining && c.now.Before(due)) && c.s.state == Unbinding {
		c.visits = append(c.visits, visit{cell{"nothing left to wait for", Draining}, words[0], c.did, rows})
	}
	for _, row := range rows {
		c.visits = append(c.visits, visit{cell{row, before}, strings.Join(words, " "), c.did, rows})
	}
	return nil
}

// do gives the event to the session; a call that the state forbids is said to have panicked.
func (c *conversation) do(words []string, args map[string]string) {
	defer func() {
		if r := recover(); r != nil {
			c.did.panicked = true
			c.say("panic: %v", r)
		}
	}()
	var err error
	bad := words[len(words)-1] == "bad"
	switch words[0] {
	case "open":
		err = c.s.Open(c.now)
	case "stop":
		c.s.Stop(c.now)
	case "close":
		c.s.Close(errors.New("connection lost"), c.now)
	case "submit":
		sm := &pdu.SM{Source: "ACMEBK", Dest: "919800000001", ShortMessage: []byte("made up")}
		if bad {
			sm.Dest = "9198\x00"
		}
		err = c.s.Submit(sm, words[1], c.now)
	case "ask":
		q := &pdu.Inquiry{MessageID: "00af", Source: "ACMEBK", Dest: "919800000001"}
		if bad {
			q.MessageID = ""
		}
		err = c.s.Ask(commands[words[1]], q, words[2], c.now)
	case "receive":
		c.s.Receive(frame(words[1], args), c.now)
	case "answer":
		h := frame(words[1], args).Header()
		c.s.Answer(h, h.Status, c.now)
	case "tick":
		c.s.Tick(c.now)
	case "hold":
		c.holding = true
	case "flush":
		c.holding = false
		if len(words) == 2 {
			n, _ := strconv.Atoi(words[1])
			c.s.Flushed(n, c.now)
			c.holding, c.shown = true, len(c.s.Output())
		}
	}
	if err != nil {
		c.did.failed = true
		c.say("error %v", err)
	}
}

func (c *conversation) configure(args map[string]string) (err error) {
	for name, value := range args {
		switch name {
		case "window":
			c.cfg.Window, err = strconv.Atoi(value)
		case "receipts":
			c.cfg.ReceiptsMax, err = strconv.Atoi(value)
		case "as":
			c.cfg.As = commands["bind_"+value]
		case "busy":
			var n uint64
			n, err = strconv.ParseUint(value, 0, 32)
			c.cfg.Busy = pdu.Status(n)
		case "verdict":
			own := Rule{Status: 0x401}
			if own.Submit, err = ParseVerdict(value); err == nil {
				c.cfg.Statuses, err = NewStatuses([]Rule{own})
			}
		}
	}
	return err
}
