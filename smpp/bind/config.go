package bind

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/session"
	"harkara/smpp/sms"
)

// Mode is how binds are made.
type Mode uint8

// The modes.
const (
	Transceiver         Mode = iota // one connection both ways (bind_transceiver)
	TransmitterReceiver             // a bind_transmitter and a bind_receiver; receipts come by the second
)

// String returns transceiver or transmitter_receiver.
func (m Mode) String() string {
	if m == TransmitterReceiver {
		return "transmitter_receiver"
	}
	return "transceiver"
}

// Timeouts bound every wait of a bind.
type Timeouts struct {
	Dial        time.Duration // to connect, with the TLS handshake
	Bind        time.Duration // for the bind response
	Response    time.Duration // for any other response, and for each step of a drain
	EnquireLink time.Duration // of silence from the SMSC, after which enquire_link asks whether it lives
	Write       time.Duration // for one write; missing it closes the connection
}

// Config is one SMSC as its pool of binds sees it.
type Config struct {
	SMSC        sms.SMSCID
	Addr        string      // host:port
	LocalAddr   string      // source of the connections, host or host:port; empty: any. A Dial of Deps does not see it
	TLS         *tls.Config // nil: plain TCP. Without a ServerName the host of Addr is checked
	Mode        Mode
	Bind        pdu.Bind          // system_id, password and so on
	Binds       int               // how many; in TransmitterReceiver mode, how many of each
	Window      int               // outstanding submit_sm (and questions) per bind
	TPS         int               // submit_sm (and questions) per second over all binds; 0: no limit
	Lane        int               // capacity of each class's lane
	ReceiptsMax int               // deliver_sm and data_sm awaiting our answer, per bind; above it the SMSC is told to try again
	Busy        pdu.Status        // with which it is told so; 0: ESME_RX_T_APPN
	Statuses    *session.Statuses // what its command_status values mean; nil: the standard's
	Timeouts    Timeouts
}

// check says what of c can't work.
func (c *Config) check() error {
	for _, field := range []struct {
		name string
		good bool
	}{
		{"SMSC must be named", c.SMSC != ""},
		{"Addr must be host:port", c.Addr != ""},
		{"Binds must be at least 1", c.Binds >= 1},
		{"Window must be at least 1", c.Window >= 1},
		{"TPS must not be negative", c.TPS >= 0},
		{"Lane must be at least 1", c.Lane >= 1},
		{"ReceiptsMax must be at least 1", c.ReceiptsMax >= 1},
		{"Timeouts must all be above 0", min(c.Timeouts.Dial, c.Timeouts.Bind, c.Timeouts.Response,
			c.Timeouts.EnquireLink, c.Timeouts.Write) > 0},
	} {
		if !field.good {
			return errors.New(field.name)
		}
	}
	if c.LocalAddr != "" {
		if _, err := c.local(); err != nil {
			return err
		}
	}
	if _, err := pdu.AppendBind(nil, pdu.BindTransceiver, 1, &c.Bind); err != nil {
		return fmt.Errorf("the account can't go on the wire: %w", err)
	}
	return nil
}

// Handler takes what the SMSC sends of its own accord. Its methods are called from the loop of a bind and must not
// block.
type Handler interface {
	// Receive takes a deliver_sm or data_sm, and answers it by r. The frame is the handler's to keep.
	Receive(smsc sms.SMSCID, f pdu.Frame, r Reply)
	// Late takes an answer that came after its segment was reported in doubt.
	Late(sub *Submission, a Answer)
}

// Deps is what a pool needs from its surroundings.
type Deps struct {
	Dial    func(ctx context.Context, network, addr string) (net.Conn, error) // nil: a net.Dialer
	Handler Handler
	Log     *slog.Logger // nil: nothing is logged
	Trace   Trace
	// Died is told of a connection that had been dialled and ended otherwise than by our stop: why, and the bind's last
	// PDUs, masked, oldest first. The bind is not dialled again before it returns. nil: nobody.
	Died func(smsc sms.SMSCID, bind int, why error, last []Record)
	Rand func() float64 // jitter in [0,1), called from several goroutines; nil: math/rand/v2
}
