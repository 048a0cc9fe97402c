package bind

import (
	"errors"
	"fmt"
	"io"
	"time"

	"harkara/smpp/pdu"
)

// batchesMax is how many batches of PDUs wait between the reader and the loop. What an SMSC can have under way to us is
// bounded by our window and its own, so the reader hardly ever waits for long.
const batchesMax = 4

// batch is what the reader hands over: whole PDUs, then the error that ended the reading, if it has.
type batch struct {
	frames []pdu.Frame
	err    error
}

// read cuts the stream into PDUs until it ends; a broken command_length is such an end.
func (l *loop) read() {
	defer close(l.batches)
	r := pdu.NewReader(l.conn)
	var turns [batchesMax + 2][]pdu.Frame // those that wait, the one in the loop's hands, and the one being filled
	for n := 0; ; n = (n + 1) % len(turns) {
		frames, err := r.NextBatch(turns[n][:0])
		turns[n] = frames
		if errors.Is(err, io.EOF) {
			err = errors.New("the SMSC closed the connection")
		} else if err != nil {
			err = fmt.Errorf("read from the SMSC: %w", err)
		}
		l.batches <- batch{frames, err} // the loop takes them to the last
		if err != nil {
			return
		}
	}
}

// flush writes what the session has to say. A write that misses its deadline is the end of the connection: what was cut
// short can't be taken back.
func (l *loop) flush() error {
	out := l.session.Output()
	if len(out) == 0 {
		return nil
	}
	if err := l.conn.SetWriteDeadline(l.now.Add(l.pool.cfg.Timeouts.Write)); err != nil {
		return fmt.Errorf("write to the SMSC: %w", err)
	}
	n, err := l.conn.Write(out)
	l.now = time.Now()
	l.b.recorder.sent(out[:n], l.now)
	l.session.Flushed(n, l.now)
	if err != nil {
		return fmt.Errorf("write to the SMSC: %w", err)
	}
	if hook := l.pool.deps.Trace.Wrote; hook != nil && l.counters.Submits > 0 { // since the last flush
		hook(l.pool.cfg.SMSC)
	}
	return nil
}
