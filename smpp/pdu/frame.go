package pdu

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// HeaderLength is the size of every PDU's header, in octets.
const HeaderLength = 16

// MaxLength is the longest PDU that is taken or given, in octets: room for a message_payload, no room for a lie.
const MaxLength = 64 << 10

// ErrLength says that a command_length is below 16 or above MaxLength: the stream can't be trusted any more.
var ErrLength = errors.New("command_length is not between 16 and 65536")

// Header is the header of a PDU (SMPP 3.4 §3.2).
type Header struct {
	Length uint32 // of the whole PDU with its header, in octets
	ID     CommandID
	Status Status
	Seq    uint32
}

// ParseHeader reads the header from b, which holds at least 16 octets.
func ParseHeader(b []byte) Header {
	_ = b[15]
	return Header{
		Length: binary.BigEndian.Uint32(b),
		ID:     CommandID(binary.BigEndian.Uint32(b[4:])),
		Status: Status(binary.BigEndian.Uint32(b[8:])),
		Seq:    binary.BigEndian.Uint32(b[12:]),
	}
}

// Frame is one whole PDU, as Reader cuts them: at least 16 octets, as many as its command_length says.
type Frame []byte

// Header reads the frame's header.
func (f Frame) Header() Header { return ParseHeader(f) }

// Body gives what follows the header; it aliases the frame.
func (f Frame) Body() []byte { return f[HeaderLength:] }

// body gives the frame's body where its command is one of ids; the error says what the frame is instead. It also
// guards against frames that did not come from a Reader.
func (f Frame) body(ids ...CommandID) ([]byte, error) {
	if len(f) < HeaderLength || int64(f.Header().Length) != int64(len(f)) {
		return nil, fmt.Errorf("%d octets are not one whole PDU: %w", len(f), ErrLength)
	}
	got := f.Header().ID
	for _, id := range ids {
		if got == id {
			return f.Body(), nil
		}
	}
	return nil, fmt.Errorf("it is %s, not %s", got, ids[0])
}

// AppendHeader appends a PDU that is its header alone: enquire_link, unbind, their responses, generic_nack.
func AppendHeader(dst []byte, id CommandID, status Status, seq uint32) []byte {
	dst = binary.BigEndian.AppendUint32(dst, HeaderLength)
	dst = binary.BigEndian.AppendUint32(dst, uint32(id))
	dst = binary.BigEndian.AppendUint32(dst, uint32(status))
	return binary.BigEndian.AppendUint32(dst, seq)
}

// setLength writes the command_length of the PDU that begins at start and ends with dst.
func setLength(dst []byte, start int) []byte {
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start))
	return dst
}
