package bind

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"harkara/smpp/session"
	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
)

// counted is a connection that counts itself off when it is closed.
type counted struct {
	net.Conn
	open *atomic.Int64
	once sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

// TestLimitsHoldByTheBooksOfTheSMSC runs a pool over its capacity against the simulator with all faults on, and reads
// in the simulator's books that the window, the pace and the number of binds were never exceeded, that nothing malformed
// was sent, no segment twice, and every receipt acknowledged in the end.
func TestLimitsHoldByTheBooksOfTheSMSC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const seed, messages = 7, 3000
		faults := map[smsctest.Fault]float64{
			smsctest.NoAnswer: 0.005, smsctest.LateAnswer: 0.005, smsctest.DropBeforeAnswer: 0.002, smsctest.StopReading: 0.001,
			smsctest.ReceiptBeforeAnswer: 0.05, smsctest.DuplicateReceipt: 0.05, smsctest.ReceiptSeqClash: 0.05,
			smsctest.Refuse: 0.05,
		}
		simulator := smsctest.New(smsctest.Config{
			SystemID: "made-up", Password: password, Seed: seed, Faults: faults,
			Latency: 20 * time.Millisecond, ReceiptDelay: time.Second,
		})
		var open atomic.Int64
		var mu sync.Mutex
		most := 0
		cfg := config()
		cfg.Binds, cfg.Window, cfg.TPS, cfg.Lane, cfg.ReceiptsMax = 3, 8, 200, 500, 50
		pool := NewPool(cfg, Deps{Handler: &handler{}, Dial: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go simulator.ServeConn(far)
			mu.Lock()
			defer mu.Unlock()
			most = max(most, int(open.Add(1)))
			return &counted{Conn: near, open: &open}, nil
		}})
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- pool.Run(ctx) }()
		synctest.Wait()

		var all sync.WaitGroup
		verdicts := map[session.Verdict]int{}
		for n := range messages {
			all.Go(func() {
				<-time.After(time.Duration(n) * 4 * time.Millisecond) // 250 a second
				sub := submission(sms.Classes[n%3], 1)
				sub.SMs[0].ShortMessage = fmt.Appendf(nil, "made up %d", n)
				sub.SMs[0].RegisteredDelivery = 1
				o := pool.Submit(context.Background(), sub)
				mu.Lock()
				defer mu.Unlock()
				verdicts[o.Answers[0].Verdict]++
			})
		}
		all.Wait()
		<-time.After(time.Minute) // for the receipts, and those sent again
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		books := simulator.Counters()
		if err := simulator.Close(); err != nil {
			t.Error(err)
		}
		t.Logf("seed %d, verdicts %v, books %+v", seed, verdicts, books)
		if books.MaxWindow > cfg.Window || books.MaxPerSecond > cfg.TPS || most > cfg.Binds {
			t.Errorf("window %d of %d, %d of %d in a second, %d connections of %d", books.MaxWindow, cfg.Window,
				books.MaxPerSecond, cfg.TPS, most, cfg.Binds)
		}
		if books.Malformed+books.IllegalSeqs+books.UnknownPDUs+books.StrayAnswers+books.OutOfState+books.Duplicates > 0 {
			t.Error("the SMSC saw what it should not")
		}
		accepted, refused := uint64(verdicts[session.Accepted]), uint64(verdicts[session.Refused])
		inDoubt := uint64(verdicts[session.InDoubt])
		if books.Submits != accepted+refused+inDoubt || books.Accepted < accepted || books.Refused < refused {
			t.Errorf("the SMSC had %d, took %d and refused %d; we know of %d taken, %d refused, %d in doubt", books.Submits,
				books.Accepted, books.Refused, accepted, refused, inDoubt)
		}
		if books.ReceiptsAcked != books.Receipts {
			t.Errorf("%d of %d receipts are acknowledged", books.ReceiptsAcked, books.Receipts)
		}
		for fault, name := range map[smsctest.Fault]string{smsctest.DropBeforeAnswer: "drop", smsctest.LateAnswer: "late"} {
			if books.Faults[fault.String()] == 0 {
				t.Errorf("no fault %s happened: the test shows nothing", name)
			}
		}
	})
}
