package bind

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/session"
	"harkara/smpp/sms"
)

func TestSubmitIsAnsweredPerSegment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, validities := newSMSC(), []string(nil)
		s.script = func(c *conn, f pdu.Frame) bool {
			var m pdu.SM
			if f.Header().ID == pdu.SubmitSM && pdu.ParseSM(f, &m) == nil {
				validities = append(validities, m.Validity)
				if len(validities) == 2 {
					c.answer(f, pdu.ESME_RTHROTTLED)
					return true
				}
			}
			return false
		}
		f := start(t, config(), s, &handler{})
		after(1500 * time.Millisecond)
		sub := submission(sms.OTP, 3)
		sub.Deadline = sub.Deadline.Add(-1500 * time.Millisecond)
		f.want("outcome", <-f.submit(sub), "1 accepted id-1-1 at 1.5s, 2 throttled ESME_RTHROTTLED at 1.5s, 3 accepted id-1-3 at 1.5s")
		// 298.5 s are left: rounded down.
		f.want("validity", fmt.Sprint(validities), fmt.Sprint([]string{"000000000458000R", "000000000458000R", "000000000458000R"}))
		took, err := f.stop()
		if took != 0 || err != nil {
			t.Errorf("an idle stop took %v and gave %v", took, err)
		}
		f.want("wire", s.lines(), "0s bind_transceiver 1, 1.5s submit_sm 2, 1.5s submit_sm 3, 1.5s submit_sm 4, 1.5s unbind 5")
	})
}

func TestEnquireLinkAfterSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		f := start(t, config(), s, &handler{})
		after(20 * time.Second)
		<-f.submit(submission(sms.OTP, 1))
		after(60 * time.Second)
		f.want("probes", s.lines("enquire_link"), "50s enquire_link 3, 1m20s enquire_link 4")
		s.follow(silentOn(pdu.EnquireLink))
		after(40 * time.Second) // asked at 110 s, given up at 120 s; the first try again comes half a second later
		after(500 * time.Millisecond)
		f.want("dials", s.dialled(), "[0s 2m0.5s]")
		f.want("last error", f.pool.Snapshot()[0].LastError, "the SMSC did not answer enquire_link in time")
		f.stop()
	})
}

func TestResponseTimeoutThenLateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := newSMSC(), &handler{}
		s.script = silentOn(pdu.SubmitSM)
		f := start(t, config(), s, h)
		f.want("outcome", <-f.submit(submission(sms.OTP, 1)), "1 in_doubt at 10s")
		after(2 * time.Second)
		if used := f.pool.Snapshot()[0].WindowUsed; used != 1 {
			t.Errorf("the late submit holds %d slots, want 1", used)
		}
		s.conn(1).send(pdu.AppendResp(nil, pdu.SubmitSMResp, pdu.ESME_ROK, 2, "late-id"))
		synctest.Wait()
		f.want("late", h.late(), "true 1 accepted late-id")
		got := f.pool.Snapshot()[0]
		if want := (Counters{Submits: 1, Timeouts: 1, Late: 1, Connects: 1}); got.Counters != want || got.WindowUsed != 0 {
			t.Errorf("counters %+v and %d slots, want %+v and 0", got.Counters, got.WindowUsed, want)
		}
		f.stop()
	})
}

func TestBindTimeoutAndBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		s.script = silentOn(pdu.BindTransceiver)
		f := start(t, config(), s, &handler{})
		after(200 * time.Second)
		// Five seconds for the bind, then half of 1, 2, 4, 8, 16, 32, 60, 60 s.
		f.want("dials", s.dialled(), "[0s 5.5s 11.5s 18.5s 27.5s 40.5s 1m1.5s 1m36.5s 2m11.5s 2m46.5s]")
		f.want("last error", f.pool.Snapshot()[0].LastError, "the SMSC did not answer the bind in time")
		if took, _ := f.stop(); took != 0 {
			t.Errorf("stopping between tries took %v", took)
		}
	})
}

func TestDialErrorsBackOffUntilABindHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		s.refuse = errors.New("connection refused")
		f := start(t, config(), s, &handler{})
		after(2 * time.Second)
		f.want("dials", s.dialled(), "[0s 500ms 1.5s]")
		f.want("outcome", <-f.submit(submission(sms.OTP, 1)), "1 unsent at 2s, no bind of the SMSC is live")
		s.mu.Lock()
		s.refuse = nil
		s.mu.Unlock()
		after(1500 * time.Millisecond) // the fourth try, at 3.5 s, holds
		if !f.pool.Live() {
			t.Fatal("not live")
		}
		after(9 * time.Second)
		s.conn(1).Close() // held 9 s: not long enough to start over
		after(4 * time.Second)
		f.want("dials", s.dialled(), "[0s 500ms 1.5s 3.5s 16.5s]")
		after(10 * time.Second)
		s.conn(2).Close() // held 10 s
		after(500 * time.Millisecond)
		f.want("dials", s.dialled(), "[0s 500ms 1.5s 3.5s 16.5s 27s]")
		f.stop()
		f.want("log of the close", fmt.Sprint(strings.Contains(f.logged.String(), "the SMSC closed the connection")), "true")
	})
}

func TestHungDialIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		hung := make(chan error, 1)
		pool := NewPool(config(), Deps{Handler: &handler{}, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			select {
			case hung <- ctx.Err():
			default:
			}
			return nil, ctx.Err()
		}})
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- pool.Run(ctx) }()
		if err := <-hung; !errors.Is(err, context.DeadlineExceeded) || time.Since(s.began) != 3*time.Second {
			t.Errorf("the dial was given up after %v with %v", time.Since(s.began), err)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestBadPasswordStopsAllBinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		s.script = func(c *conn, f pdu.Frame) bool {
			c.answer(f, pdu.ESME_RINVPASWD)
			return true
		}
		cfg := config()
		cfg.Binds = 3
		f := start(t, cfg, s, &handler{})
		after(24 * time.Hour)
		if n := len(s.dials); n > 3 {
			t.Errorf("dialled %d times, want at most once per bind", n)
		}
		for _, status := range f.pool.Snapshot() {
			f.want("bind", status.State+": "+status.Alarm,
				"refused: the SMSC refused the bind with ESME_RINVPASWD: mend system_id, password or system_type, then restart")
		}
		_, err := f.stop()
		f.want("Run", fmt.Sprint(err), "bind to SMSC sim-a: the SMSC refused the bind with ESME_RINVPASWD")
		if n := strings.Count(f.logged.String(), "level=ERROR"); n != 1 {
			t.Errorf("%d errors are logged, want one:\n%s", n, f.logged.String())
		}
	})
}

func TestBadPasswordEndsTheWaitOfOtherBinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		s.script = func(c *conn, f pdu.Frame) bool {
			c.answer(f, []pdu.Status{pdu.ESME_RALYBND, pdu.ESME_RINVPASWD}[c.n-1])
			return true
		}
		cfg := config()
		cfg.Binds = 2
		f := start(t, cfg, s, &handler{}) // one of them would wait half a minute
		for _, status := range f.pool.Snapshot() {
			f.want("state", status.State, "refused")
		}
		if took, err := f.stop(); took != 0 || err == nil {
			t.Errorf("the stop took %v and gave %v", took, err)
		}
	})
}

// TestBindFaults lets the status decide, the SMSC's own rules for it first.
func TestBindFaults(t *testing.T) {
	for _, test := range []struct {
		name   string
		status pdu.Status
		before bool // bound before
		dials  string
	}{
		{"a vendor's wrong password stops", 0x401, true, "[0s 20.5s]"},
		{"a vendor's session limit waits", 0x402, false, "[0s 30.5s 1m1.5s 1m33.5s]"},
		{"an unknown status is tried again", 0x403, true, "[0s 20.5s 21.5s 23.5s 27.5s 35.5s 51.5s 1m21.5s]"},
		{"RBINDFAIL at first stops after three", pdu.ESME_RBINDFAIL, false, "[0s 30.5s 1m1.5s]"},
		{"RBINDFAIL later waits", pdu.ESME_RBINDFAIL, true, "[0s 20.5s 51.5s 1m23.5s]"},
		{"RALYBND waits", pdu.ESME_RALYBND, false, "[0s 30.5s 1m1.5s 1m33.5s]"},
		{"RINVPASWD later stops", pdu.ESME_RINVPASWD, true, "[0s 20.5s]"},
		{"RSYSERR is tried again", pdu.ESME_RSYSERR, true, "[0s 20.5s 21.5s 23.5s 27.5s 35.5s 51.5s 1m21.5s]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSMSC()
				s.script = func(c *conn, f pdu.Frame) bool {
					if f.Header().ID != pdu.BindTransceiver || (c.n == 1 && test.before) {
						return false
					}
					c.answer(f, test.status)
					return true
				}
				cfg := config()
				cfg.Statuses, _ = session.NewStatuses([]session.Rule{
					{Status: 0x401, Submit: session.Elsewhere, Bind: session.Credentials},
					{Status: 0x402, Submit: session.Elsewhere, Bind: session.Occupied},
				})
				f := start(t, cfg, s, &handler{})
				after(20 * time.Second)
				if test.before {
					s.conn(1).Close()
				}
				after(75 * time.Second)
				f.want("dials", s.dialled(), test.dials)
				f.stop()
			})
		})
	}
}

func TestPeerThatStopsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		stuck := make(chan struct{})
		s.script = func(c *conn, f pdu.Frame) bool {
			if c.n == 1 && f.Header().ID == pdu.SubmitSM {
				<-stuck
			}
			return false
		}
		f := start(t, config(), s, &handler{})
		after(time.Second)
		first := f.submit(submission(sms.OTP, 1)) // is read, not answered
		after(time.Second)
		second := f.submit(submission(sms.OTP, 1)) // is never read
		f.want("second", <-second, "1 unsent at 6s")
		f.want("first", <-first, "1 in_doubt at 6s")
		synctest.Wait() // the outcomes come before the bind has noted why
		f.want("last error", f.pool.Snapshot()[0].LastError, "write to the SMSC: write pipe: i/o timeout")
		after(500 * time.Millisecond)
		f.want("dials", s.dialled(), "[0s 6.5s]")
		close(stuck)
		f.stop()
	})
}

func TestUnbindBySMSC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		s.script = silentOn(pdu.SubmitSM)
		cfg := config()
		cfg.Window = 1
		f := start(t, cfg, s, &handler{})
		after(time.Second)
		written, waiting := f.submit(submission(sms.OTP, 2)), f.submit(submission(sms.OTP, 1))
		s.conn(1).send(pdu.AppendHeader(nil, pdu.Unbind, pdu.ESME_ROK, 9))
		f.want("outcome of the half written", <-written, "1 in_doubt at 1s, 2 unsent at 1s")
		f.want("outcome in the lane", <-waiting, "1 unsent at 1s, no bind of the SMSC is live")
		after(500 * time.Millisecond)
		f.want("dials", s.dialled(), "[0s 1.5s]")
		f.want("wire", s.lines(), "0s bind_transceiver 1, 1s submit_sm 2, 1s unbind_resp 9, 1.5s bind_transceiver 1")
		f.stop()
	})
}

func TestBrokenLengthCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		f := start(t, config(), s, &handler{})
		s.conn(1).send([]byte{0, 0, 0, 15, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1})
		after(500 * time.Millisecond)
		f.want("dials", s.dialled(), "[0s 500ms]")
		f.stop()
	})
}

func TestConfigFaults(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"SMSC must be named":           func(c *Config) { c.SMSC = "" },
		"Addr must be host:port":       func(c *Config) { c.Addr = "" },
		"Binds must be at least 1":     func(c *Config) { c.Binds = 0 },
		"Window must be at least 1":    func(c *Config) { c.Window = 0 },
		"TPS must not be negative":     func(c *Config) { c.TPS = -1 },
		"Lane must be at least 1":      func(c *Config) { c.Lane = -1 },
		"ReceiptsMax must be at least": func(c *Config) { c.ReceiptsMax = 0 },
		"Timeouts must all be above 0": func(c *Config) { c.Timeouts.Write = 0 },
		"source address":               func(c *Config) { c.LocalAddr = "127.0.0.1:made-up" },
		"password":                     func(c *Config) { c.Bind.Password = "longer than eight" },
	} {
		cfg := config()
		change(&cfg)
		err := NewPool(cfg, Deps{Handler: &handler{}}).Run(context.Background())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "longer than") {
			t.Errorf("Run says %v, want %q", err, want)
		}
	}
}

// TestAccountReachesTheWire looks at every field of the bind.
func TestAccountReachesTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, cfg := newSMSC(), config()
		var mu sync.Mutex
		var got []pdu.Bind
		s.script = func(_ *conn, f pdu.Frame) bool {
			if f.Header().ID == pdu.BindReceiver || f.Header().ID == pdu.BindTransmitter {
				account, err := pdu.ParseBind(f)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				got = append(got, account)
			}
			return false
		}
		cfg.Mode = TransmitterReceiver
		cfg.Bind.InterfaceVersion, cfg.Bind.SystemType = 0x33, "made-up"
		cfg.Bind.AddrTON, cfg.Bind.AddrNPI, cfg.Bind.AddressRange = 5, 1, "^56161"
		f := start(t, cfg, s, &handler{})
		if len(got) != 2 || got[0] != cfg.Bind || got[1] != cfg.Bind {
			t.Errorf("the accounts are %+v, want two of %+v", got, cfg.Bind)
		}
		f.stop()
	})
}
