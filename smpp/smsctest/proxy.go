package smsctest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"

	"harkara/smpp/pdu"
)

// Way is a direction through a Proxy.
type Way uint8

// The ways.
const (
	ToSMSC Way = iota
	FromSMSC
)

// Script decides on one PDU that came on l and goes way. What it gives to l.Send goes on in the PDU's place: the PDU
// itself, others, several, or nothing, which drops it; what it keeps it may send later. It is called for the PDUs of a
// way in their order, with the two ways of a link side by side, and must not block. The frame is the script's to keep.
type Script func(l *Link, way Way, f pdu.Frame)

// Pass is the script that lets everything through.
func Pass(l *Link, way Way, f pdu.Frame) { l.Send(way, f) }

// Shape is what a link does to every octet, either way, whatever the PDUs.
type Shape struct {
	Latency time.Duration
	Jitter  time.Duration // more latency, at random up to it; the order stays, as that of TCP does
	Rate    int           // octets a second each way; 0: no limit
}

// readBuffer is how much the kernel takes, in octets, from a sender whose PDUs are not read.
const readBuffer = 16 << 10

// Proxy stands between gateways and an SMSC, and does to their PDUs what its script says. Its methods may be called
// from any goroutine.
type Proxy struct {
	listener net.Listener
	target   string
	wg       sync.WaitGroup

	mu     sync.Mutex // guards all below
	script Script
	shape  Shape
	random *rand.Rand // of the jitter
	links  []*Link    // those that are open
	made   int
	closed bool
}

// ListenProxy starts a proxy on a TCP address, "127.0.0.1:0" for any free port, that dials target for each connection.
// It passes everything until Follow says otherwise. The seed is of the jitter.
func ListenProxy(addr, target string, seed uint64) (*Proxy, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the proxy of %s: %w", target, err)
	}
	p := &Proxy{listener: l, target: target, script: Pass, random: rand.New(rand.NewPCG(seed, 0))}
	p.wg.Go(p.accept)
	return p, nil
}

// Addr gives the address that gateways dial.
func (p *Proxy) Addr() net.Addr { return p.listener.Addr() }

// Follow sets the script, for links that are open too.
func (p *Proxy) Follow(s Script) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script = s
}

// Shape sets the shape, for links that are open too; what is under way keeps its time.
func (p *Proxy) Shape(s Shape) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shape = s
}

// Links gives the open links, the oldest first.
func (p *Proxy) Links() []*Link {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.links)
}

// Made says how many links were made so far.
func (p *Proxy) Made() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made
}

// Close cuts all links and waits for all goroutines. A second Close does nothing.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	links := slices.Clone(p.links)
	p.mu.Unlock()
	err := p.listener.Close()
	for _, l := range links {
		l.Cut()
	}
	p.wg.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (p *Proxy) accept() {
	for {
		gateway, err := p.listener.Accept()
		if err != nil {
			return // it fails with the listener only, which Close alone closes
		}
		p.wg.Go(func() { p.join(gateway) })
	}
}

// join makes a link and works it until it ends. A gateway whose SMSC is not there sees its connection closed.
func (p *Proxy) join(gateway net.Conn) {
	smsc, err := net.Dial("tcp", p.target)
	if err != nil {
		_ = gateway.Close()
		return
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		_, _ = gateway.Close(), smsc.Close()
		return
	}
	for _, conn := range []net.Conn{gateway, smsc} {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(readBuffer) // a larger one only hides StopReading for longer
		}
	}
	p.made++
	l := newLink(p, p.made, gateway, smsc)
	p.links = append(p.links, l)
	p.mu.Unlock()
	l.run()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.links = slices.DeleteFunc(p.links, func(other *Link) bool { return other == l })
}

// latency draws how long a parcel takes.
func (p *Proxy) latency() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shape.Jitter <= 0 {
		return p.shape.Latency
	}
	return p.shape.Latency + time.Duration(p.random.Int64N(int64(p.shape.Jitter)))
}

func (p *Proxy) rate() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shape.Rate
}

func (p *Proxy) decide(l *Link, way Way, f pdu.Frame) {
	p.mu.Lock()
	script := p.script
	p.mu.Unlock()
	script(l, way, f)
}
