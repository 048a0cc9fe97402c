package session

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"

	"harkara/smpp/pdu"
)

// TestEveryRequestHasOneResult throws events at a session in any order: every request gets exactly one result that is not
// late, and at most one late one, only after it was in doubt; the window is never overrun, every PDU handed on can be
// answered once, and the session never writes but whole PDUs.
func TestEveryRequestHasOneResult(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := Config{
			As: pdu.BindTransceiver, Window: rapid.IntRange(1, 5).Draw(t, "window"), ReceiptsMax: 2,
			BindTimeout: 5 * time.Second, Response: 10 * time.Second, EnquireLink: 30 * time.Second,
		}
		s, now, submitted := New[int](cfg), epoch, 0
		verdicts := map[int]Verdict{}
		commands := map[int]pdu.CommandID{}
		lates := map[int]bool{}
		var owed []pdu.Header
		if err := s.Open(now); err != nil {
			t.Fatal(err)
		}
		check := func() {
			results, deliveries := s.Take()
			for _, r := range results {
				first, seen := verdicts[r.Value]
				if r.Command != commands[r.Value] || r.Query != nil && (r.Command != pdu.QuerySM || r.Verdict != Accepted) {
					t.Fatalf("%+v is the result of a %s", r, commands[r.Value])
				}
				switch {
				case r.Late && (first != InDoubt || !seen || lates[r.Value]):
					t.Fatalf("late result of %d, which is %v %v", r.Value, first, seen)
				case r.Late:
					lates[r.Value] = true
				case seen:
					t.Fatalf("second result of %d", r.Value)
				default:
					verdicts[r.Value] = r.Verdict
				}
			}
			for _, f := range deliveries {
				owed = append(owed, f.Header())
			}
			if len(owed) > cfg.ReceiptsMax || s.Outstanding() > cfg.Window {
				t.Fatalf("%d of %d receipts owed, %d of %d outstanding", len(owed), cfg.ReceiptsMax, s.Outstanding(), cfg.Window)
			}
			if at, ok := s.Wake(); ok && !at.After(now) && s.State() != Closed {
				t.Fatalf("wakes at %v, which is past", at)
			}
		}
		seqs := rapid.Uint32Range(0, 12)
		ids := rapid.SampledFrom([]string{
			"submit_sm_resp", "submit_sm_resp", "submit_sm_resp", "generic_nack", "deliver_sm", "data_sm", "enquire_link",
			"enquire_link_resp", "query_sm", "query_sm_resp", "cancel_sm_resp", "unheard_of_resp", "bind_transceiver_resp", "unbind_resp", "unbind",
		})
		t.Repeat(map[string]func(*rapid.T){
			"receive": func(t *rapid.T) {
				status := rapid.SampledFrom([]string{"0", "0", "0x58", "0x3"}).Draw(t, "status")
				state := rapid.SampledFrom([]string{"", "2"}).Draw(t, "state")
				f := frame(ids.Draw(t, "id"), map[string]string{"id": "x", "status": status, "state": state})
				f[15] = byte(seqs.Draw(t, "seq"))
				s.Receive(f, now)
			},
			"bound": func(*rapid.T) { s.Receive(frame("bind_transceiver_resp", map[string]string{"seq": "1"}), now) },
			"submit": func(*rapid.T) {
				if s.Room() > 0 {
					submitted++
					commands[submitted] = pdu.SubmitSM
					if err := s.Submit(&pdu.SM{Dest: "919800000001"}, submitted, now); err != nil {
						t.Fatal(err)
					}
				}
			},
			"ask": func(t *rapid.T) {
				if s.Room() > 0 {
					submitted++
					commands[submitted] = rapid.SampledFrom([]pdu.CommandID{pdu.QuerySM, pdu.CancelSM}).Draw(t, "command")
					if err := s.Ask(commands[submitted], &pdu.Inquiry{MessageID: "x"}, submitted, now); err != nil {
						t.Fatal(err)
					}
				}
			},
			"answer": func(*rapid.T) {
				if len(owed) > 0 {
					s.Answer(owed[0], pdu.ESME_ROK, now)
					owed = owed[1:]
				}
			},
			"flush": func(t *rapid.T) {
				for r := pdu.NewReader(bytes.NewReader(s.Output())); ; {
					if _, err := r.Next(); err != nil {
						break
					}
				}
				s.Flushed(len(s.Output()), now)
			},
			"tick": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(0, 12).Draw(t, "seconds")) * time.Second)
				s.Tick(now)
			},
			"stop": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
					s.Stop(now)
				}
			},
			"": func(*rapid.T) {
				s.Tick(now)
				check()
			},
		})
		s.Close(nil, now)
		check()
		if len(verdicts) != submitted {
			t.Fatalf("%d of %d requests have a result", len(verdicts), submitted)
		}
	})
}

// FuzzReceive gives a bound session with a submit and a query in flight anything that a reader lets through. It must live
// on, and answer in whole PDUs.
func FuzzReceive(f *testing.F) {
	for _, name := range []string{"submit_sm_resp", "query_sm_resp", "deliver_sm", "data_sm", "unbind", "generic_nack", "unheard_of"} {
		f.Add([]byte(frame(name, map[string]string{"seq": "2", "id": "made-up", "state": "2"})))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		s := New[int](Config{
			As: pdu.BindTransceiver, Window: 2, ReceiptsMax: 1,
			BindTimeout: time.Second, Response: time.Second, EnquireLink: time.Second,
		})
		if err := s.Open(epoch); err != nil {
			t.Fatal(err)
		}
		s.Receive(frame("bind_transceiver_resp", map[string]string{"seq": "1"}), epoch)
		if err := s.Submit(&pdu.SM{Dest: "919800000001"}, 1, epoch); err != nil {
			t.Fatal(err)
		}
		if err := s.Ask(pdu.QuerySM, &pdu.Inquiry{MessageID: "made-up"}, 2, epoch); err != nil {
			t.Fatal(err)
		}
		s.Flushed(len(s.Output()), epoch)
		results := map[int]int{}
		count := func() {
			got, _ := s.Take()
			for _, r := range got {
				results[r.Value]++
			}
		}
		for r := pdu.NewReader(bytes.NewReader(stream)); ; {
			in, err := r.Next()
			if err != nil {
				break
			}
			s.Receive(in, epoch)
			count()
		}
		out := bytes.NewReader(s.Output())
		for r := pdu.NewReader(out); ; {
			if _, err := r.Next(); err != nil {
				if out.Len() > 0 || err.Error() != "EOF" {
					t.Fatalf("output is not whole PDUs: %v", err)
				}
				break
			}
		}
		s.Close(nil, epoch)
		if count(); results[1] != 1 || results[2] != 1 {
			t.Fatalf("the submit has %d results, the query %d", results[1], results[2])
		}
	})
}

func TestCallsThatTheStateForbidsPanic(t *testing.T) {
	for name, call := range map[string]func(*Session[int]){
		"Submit before Open": func(s *Session[int]) { _ = s.Submit(&pdu.SM{}, 1, epoch) },
		"Open twice":         func(s *Session[int]) { _ = s.Open(epoch); _ = s.Open(epoch) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it went through")
				}
			}()
			call(New[int](Config{As: pdu.BindTransceiver, Window: 1}))
		})
	}
}

func TestReceiverHasNoRoom(t *testing.T) {
	s := New[int](Config{As: pdu.BindReceiver, Window: 3, BindTimeout: time.Second})
	if err := s.Open(epoch); err != nil {
		t.Fatal(err)
	}
	s.Receive(frame("bind_receiver_resp", map[string]string{"seq": "1"}), epoch)
	if s.State() != Bound || s.Room() != 0 {
		t.Errorf("a receiver is %v with room for %d, want bound and 0", s.State(), s.Room())
	}
}
