package smsctest

import (
	"cmp"
	"net"
	"slices"
	"sync"
	"time"

	"harkara/smpp/pdu"
)

// Link is one connection of a gateway through a Proxy, with the one to the SMSC that belongs to it.
type Link struct {
	N int // from 1, in the order of the making

	proxy *Proxy
	conns [2]net.Conn   // by the way that is read from them
	gone  chan struct{} // closed by Cut
	left  chan struct{} // closed when the gateway has closed its side

	mu    sync.Mutex // guards all below
	cut   bool
	black bool
	lines [2]line
}

// line is one way of a link: what waits to be written.
type line struct {
	queue  []parcel      // by the time when they are due
	octets int           // in queue
	last   time.Time     // when what Send queued last is due
	over   bool          // nothing more will be read: what waits goes out, then the link is cut
	stop   chan struct{} // nothing is read until it is closed; nil: reading goes on
	wake   chan struct{} // one place: the queue has changed
	room   chan struct{} // one place: the queue has become shorter
}

// parcel is what one call of Send wrote.
type parcel struct {
	due    time.Time
	octets []byte
}

func newLink(p *Proxy, n int, gateway, smsc net.Conn) *Link {
	l := &Link{N: n, proxy: p, conns: [2]net.Conn{ToSMSC: gateway, FromSMSC: smsc}, gone: make(chan struct{}),
		left: make(chan struct{})}
	for way := range l.lines {
		l.lines[way].wake, l.lines[way].room = make(chan struct{}, 1), make(chan struct{}, 1)
	}
	return l
}

// run works both ways until the link is cut.
func (l *Link) run() {
	var wg sync.WaitGroup
	for way := range Way(len(l.lines)) {
		wg.Go(func() { l.read(way) })
		wg.Go(func() { l.write(way) })
	}
	wg.Wait()
}

// Send writes octets, which need not be whole PDUs, after all that was sent that way and is due.
func (l *Link) Send(way Way, octets []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := &l.lines[way]
	if due := time.Now().Add(l.proxy.latency()); due.After(line.last) {
		line.last = due
	}
	l.queue(way, parcel{line.last, octets})
}

// SendAfter writes octets after a time, while what is sent later and is due earlier goes before them.
func (l *Link) SendAfter(wait time.Duration, way Way, octets []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue(way, parcel{time.Now().Add(wait), octets})
}

func (l *Link) queue(way Way, p parcel) {
	if l.cut || l.black {
		return
	}
	line := &l.lines[way]
	i, _ := slices.BinarySearchFunc(line.queue, p.due, func(have parcel, due time.Time) int {
		return cmp.Or(have.due.Compare(due), -1) // behind those of the same time
	})
	line.queue = slices.Insert(line.queue, i, p)
	line.octets += len(p.octets)
	signal(line.wake)
}

// Cut closes both connections without a word; what waits to be written is lost.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return
	}
	l.cut = true
	close(l.gone)
	for _, conn := range l.conns {
		_ = conn.Close() // one that is gone already is as good
	}
}

// Black forwards nothing any more, either way, and keeps both connections open until Cut, even when a side closes its
// own: the other one learns nothing, as when a cable is pulled.
func (l *Link) Black() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.black = true
	for way := range l.lines {
		l.lines[way].queue, l.lines[way].octets = nil, 0
	}
}

// StopReading reads no more PDUs that go way: the sender's window closes when the buffers between are full. ReadOn
// ends it.
func (l *Link) StopReading(way Way) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lines[way].stop == nil {
		l.lines[way].stop = make(chan struct{})
	}
}

// ReadOn goes on after StopReading.
func (l *Link) ReadOn(way Way) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if stop := l.lines[way].stop; stop != nil {
		close(stop)
		l.lines[way].stop = nil
	}
}

// Left is closed when the gateway has closed its connection, as far as that can be known without StopReading, or the
// link was cut.
func (l *Link) Left() <-chan struct{} { return l.left }

// read asks the script about each PDU until the sender's connection ends.
func (l *Link) read(way Way) {
	r := pdu.NewReader(l.conns[way])
	for l.mayRead(way) {
		f, err := r.Next()
		if err != nil {
			break
		}
		if !l.isBlack() {
			l.proxy.decide(l, way, slices.Clone(f))
		}
	}
	if way == ToSMSC {
		close(l.left)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines[way].over = true
	signal(l.lines[way].wake)
}

// mayRead waits while reading is stopped or too much waits to be written; false: the link is cut.
func (l *Link) mayRead(way Way) bool {
	for {
		l.mu.Lock()
		line := &l.lines[way]
		var wait <-chan struct{}
		switch {
		case line.stop != nil:
			wait = line.stop
		case line.octets >= maxOut:
			wait = line.room
		}
		cut := l.cut
		l.mu.Unlock()
		if cut || wait == nil {
			return !cut
		}
		select {
		case <-wait:
		case <-l.gone:
			return false
		}
	}
}

func (l *Link) isBlack() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.black
}

// write writes what is due that way, at the shape's rate, until the link is cut or its sender has ended.
func (l *Link) write(way Way) {
	to := l.conns[1-way]
	for {
		octets, wait, over := l.next(way)
		if over {
			l.Cut()
			return
		}
		if octets == nil {
			select {
			case <-l.lines[way].wake:
			case <-time.After(wait):
			case <-l.gone:
				return
			}
			continue
		}
		if !l.pour(to, octets) {
			l.Cut()
			return
		}
	}
}

// next takes the parcel that is due, or says how long to wait, or that nothing more will come.
func (l *Link) next(way Way) (octets []byte, wait time.Duration, over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := &l.lines[way]
	if len(line.queue) == 0 {
		return nil, time.Hour, line.over && !l.black
	}
	first := line.queue[0]
	if wait := time.Until(first.due); wait > 0 {
		return nil, wait, false
	}
	line.queue = slices.Delete(line.queue, 0, 1)
	line.octets -= len(first.octets)
	signal(line.room)
	return first.octets, 0, false
}

// pour writes octets, in pieces of a hundredth of a second where there is a rate; false: the connection is gone.
func (l *Link) pour(to net.Conn, octets []byte) bool {
	for len(octets) > 0 {
		n := len(octets)
		rate := l.proxy.rate()
		if rate > 0 {
			n = min(n, max(rate/100, 1))
		}
		if _, err := to.Write(octets[:n]); err != nil {
			return false
		}
		octets = octets[n:]
		if rate > 0 {
			select {
			case <-time.After(time.Duration(n) * time.Second / time.Duration(rate)):
			case <-l.gone:
				return false
			}
		}
	}
	return true
}
