// Package loopback hands out addresses on this machine for servers that are started a moment later, or again.
package loopback

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// Ports are taken from below those that systems give to outgoing connections (Linux 32768, others 49152, by default): a
// port that was free would else be some client's own by the time the server listens.
const (
	firstPort = 12000
	lastPort  = 31999
)

// taken holds a UDP socket on each port that was handed out, so that no other process that asks here is given the same.
// They are let go when the process ends.
var taken struct {
	sync.Mutex
	marks []net.PacketConn
}

// Addr returns an address "127.0.0.1:PORT" that nobody listens on, and that Addr gives to nobody else, in this process or
// another, while this process lives. The error is final: of 20,000 ports tried none was free.
func Addr() (string, error) {
	taken.Lock()
	defer taken.Unlock()
	for range lastPort - firstPort + 1 {
		addr := fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(lastPort-firstPort+1))
		mark, err := mark(addr)
		if err == nil {
			taken.marks = append(taken.marks, mark)
			return addr, nil
		}
	}
	return "", errors.New("no port of 127.0.0.1 is free; stop what listens")
}

// mark takes an address, where it is free.
func mark(addr string) (net.PacketConn, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	listener.Close()
	return net.ListenPacket("udp", addr)
}
