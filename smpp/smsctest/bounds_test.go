package smsctest

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"harkara/smpp/pdu"
)

// TestClientThatDoesNotRead sends enquire_links without reading: the SMSC stops reading too, with no more than its
// bound in memory, and goes on when the client does.
func TestClientThatDoesNotRead(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, s *SMSC) {
		c := connect(t, s)
		for range cap(c.frames) { // then its reader stands still
			c.frames <- arrival{}
		}
		const links = 200_000
		wrote := make(chan int, 1)
		go func() {
			var octets []byte
			for seq := range uint32(links) {
				octets = pdu.AppendHeader(octets, pdu.EnquireLink, 0, seq+1)
			}
			n, _ := c.conn.Write(octets)
			wrote <- n
		}()
		synctest.Wait()
		s.mu.Lock()
		for b := range s.binds {
			if most := maxOut + pdu.MaxLength; len(b.out) < maxOut || len(b.out) > most {
				t.Errorf("%d octets wait to be written, want %d to %d", len(b.out), maxOut, most)
			}
		}
		s.mu.Unlock()
		if len(wrote) > 0 {
			t.Error("all was read")
		}
		for range cap(c.frames) {
			<-c.frames
		}
		for seq := range uint32(links) {
			c.want(pdu.EnquireLinkResp, seq+1)
		}
		if n := <-wrote; n != links*pdu.HeaderLength {
			t.Errorf("%d octets were read", n)
		}
	})
}

// TestInFlightIsBounded sends more than the SMSC keeps unanswered: it reads the rest when answers are out.
func TestInFlightIsBounded(t *testing.T) {
	bubble(t, Config{Latency: time.Hour, Keep: -1}, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransmitter)
		const extra = 2000
		go func() {
			for seq := range uint32(maxInFlight + extra) {
				_, _ = c.conn.Write(submitSM(t, seq+2, text("919800000001", fmt.Sprint("made up ", seq)))) // counted below
			}
		}()
		synctest.Wait()
		if got := s.Counters(); got.Submits != maxInFlight || got.MaxWindow != maxInFlight {
			t.Errorf("%d submit_sm were read, %d in the window, want %d", got.Submits, got.MaxWindow, maxInFlight)
		}
		for range maxInFlight + extra {
			if a := c.next(); a.ID != pdu.SubmitSMResp || a.at != time.Hour && a.at != 2*time.Hour {
				t.Fatalf("%s at %s", a.ID, a.at)
			}
		}
		if got := s.Counters(); got.Accepted != maxInFlight+extra {
			t.Errorf("%d are accepted", got.Accepted)
		}
	})
}

func TestPendingReceiptsAreBounded(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		s.mu.Lock()
		s.books.pending = maxPending - 1
		s.mu.Unlock()
		c.submit(2, text("919800000001", "made up"))
		c.accepted(2)
		a, _ := c.receipt()
		c.submit(3, text("919800000001", "made up"))
		if got := c.want(pdu.SubmitSMResp, 3); got.Status != pdu.ESME_RMSGQFUL {
			t.Errorf("answered %s", got.Status)
		}
		c.ack(a.Seq, pdu.ESME_ROK)
		c.submit(4, text("919800000001", "made up"))
		c.accepted(4)
		if got := s.Counters(); got.Accepted != 2 || got.Refused != 1 {
			t.Errorf("counters %s", toJSON(t, got))
		}
	})
}
