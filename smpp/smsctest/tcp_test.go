package smsctest

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"

	"harkara/smpp/pdu"
)

// TestListen speaks over a real socket.
func TestListen(t *testing.T) {
	s, err := Listen("127.0.0.1:0", Config{SystemID: "esme", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b := pdu.Bind{SystemID: "esme", Password: "secret", InterfaceVersion: pdu.InterfaceVersion34}
	octets, err := pdu.AppendBind(nil, pdu.BindTransceiver, 1, &b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(append(octets, submitSM(t, 2, text("919800000001", "made up"))...)); err != nil {
		t.Fatal(err)
	}
	r := pdu.NewReader(conn)
	for _, want := range []pdu.CommandID{pdu.BindTransceiverResp, pdu.SubmitSMResp, pdu.DeliverSM} {
		f, err := r.Next()
		if err != nil || f.Header().ID != want {
			t.Fatalf("got %s (%v), want %s", f.Header().ID, err, want)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after Close the client reads %v", err)
	}
	if _, err := net.Dial("tcp", s.Addr().String()); err == nil {
		t.Error("a connection is taken after Close")
	}
}

func TestListenOnATakenAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if _, err := Listen(l.Addr().String(), Config{}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("error %v", err)
	}
}

func TestServe(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(Config{})
	if s.Addr() != nil {
		t.Errorf("address %s without a listener", s.Addr())
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(pdu.AppendHeader(nil, pdu.EnquireLink, 0, 1)); err != nil {
		t.Fatal(err)
	}
	if f, err := pdu.NewReader(conn).Next(); err != nil || f.Header().ID != pdu.EnquireLinkResp {
		t.Errorf("got %v, %v", f, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve ends with %v", err)
	}
	if err := s.Serve(l); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve on a closed SMSC gives %v, want that its listener is closed", err)
	}
}
