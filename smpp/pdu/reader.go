package pdu

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Reader cuts a stream into frames. Its one buffer of MaxLength octets is all the memory that a peer can make it hold.
// An error of the stream that passes (a read deadline) loses nothing: the next call goes on where it stopped.
type Reader struct{ r *bufio.Reader }

// NewReader reads frames from r.
func NewReader(r io.Reader) *Reader { return &Reader{bufio.NewReaderSize(r, MaxLength)} }

// Next waits for one whole frame. The frame is valid until the next call. At the end of the stream the error is
// io.EOF, or io.ErrUnexpectedEOF in the middle of a frame; after ErrLength the stream can't be read on.
func (r *Reader) Next() (Frame, error) {
	n, err := r.wait()
	if err != nil {
		return nil, err
	}
	b, _ := r.r.Peek(n)
	// Discarding what is buffered cannot fail and only moves the read position: b stays as it is until the next read.
	_, _ = r.r.Discard(n)
	return Frame(b[:n:n]), nil
}

// NextBatch waits for one whole frame and appends it to dst with all further whole frames that have come already.
// The caller owns the frames; those of one call share one fresh block of memory.
func (r *Reader) NextBatch(dst []Frame) ([]Frame, error) {
	first, err := r.wait()
	if err != nil {
		return dst, err
	}
	buffered, _ := r.r.Peek(r.r.Buffered())
	total := first
	for n := wholeFrame(buffered[total:]); n > 0; n = wholeFrame(buffered[total:]) {
		total += n
	}
	block := make([]byte, total)
	copy(block, buffered)
	_, _ = r.r.Discard(total)
	for len(block) > 0 {
		n := int(binary.BigEndian.Uint32(block))
		dst = append(dst, Frame(block[:n:n]))
		block = block[n:]
	}
	return dst, nil
}

// Buffered says that the next call will not wait: a whole frame is there, or a command_length that is an error.
func (r *Reader) Buffered() bool {
	b, _ := r.r.Peek(r.r.Buffered())
	return wholeFrame(b) != 0
}

// wait blocks until a whole frame is buffered and gives its length.
func (r *Reader) wait() (int, error) {
	b, err := r.r.Peek(4)
	if err != nil {
		return 0, endOf(err, len(b))
	}
	n := binary.BigEndian.Uint32(b)
	if n < HeaderLength || n > MaxLength {
		return 0, fmt.Errorf("read a PDU of %d octets: %w", n, ErrLength)
	}
	b, err = r.r.Peek(int(n))
	if err != nil {
		return 0, endOf(err, len(b))
	}
	return int(n), nil
}

// wholeFrame gives the length of the frame that b begins with, 0 where it is not whole yet, -1 where it never will be.
func wholeFrame(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	n := binary.BigEndian.Uint32(b)
	switch {
	case n < HeaderLength || n > MaxLength:
		return -1
	case int(n) > len(b):
		return 0
	}
	return int(n)
}

// endOf tells an end between frames from one within a frame.
func endOf(err error, have int) error {
	if errors.Is(err, io.EOF) && have > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}
