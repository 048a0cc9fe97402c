package pdu

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// lengths are what a stream may claim; seeds of the fuzzers too.
var lengths = []uint32{0, 2, 15, 16, 17, MaxLength, MaxLength + 1, 1 << 31, 0xFFFFFFFF}

func claim(n uint32) []byte {
	b := AppendHeader(nil, EnquireLink, ESME_ROK, 1)
	binary.BigEndian.PutUint32(b, n)
	return b
}

func TestReaderJudgesLengths(t *testing.T) {
	for _, n := range lengths {
		legal := n >= HeaderLength && n <= MaxLength
		want := ErrLength
		switch {
		case n == HeaderLength:
			want = nil
		case legal:
			want = io.ErrUnexpectedEOF
		}
		r := NewReader(bytes.NewReader(claim(n)))
		if f, err := r.Next(); !errors.Is(err, want) {
			t.Errorf("Next, length %d: %d octets, %v; want %v", n, len(f), err, want)
		}
		r = NewReader(bytes.NewReader(claim(n)))
		if fs, err := r.NextBatch(nil); !errors.Is(err, want) {
			t.Errorf("NextBatch, length %d: %d frames, %v; want %v", n, len(fs), err, want)
		}
	}
}

func TestReaderEnds(t *testing.T) {
	whole := AppendHeader(nil, EnquireLink, 0, 1)
	for n := range whole {
		want := io.ErrUnexpectedEOF
		if n == 0 {
			want = io.EOF
		}
		if _, err := NewReader(bytes.NewReader(whole[:n])).Next(); err != want {
			t.Errorf("after %d octets: %v, want %v", n, err, want)
		}
	}
}

// TestReaderSurvivesDeadlines reads one octet a time, and every second read ends in a deadline.
func TestReaderSurvivesDeadlines(t *testing.T) {
	var stream []byte
	for seq := range uint32(3) {
		stream, _ = AppendSM(stream, SubmitSM, seq, dltSM())
	}
	r := NewReader(&patient{r: iotest.OneByteReader(bytes.NewReader(stream))})
	var got []byte
	deadlines := 0
	for {
		f, err := r.Next()
		got = append(got, f...)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			deadlines++
			continue
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(got, stream) || deadlines < len(stream) {
		t.Errorf("%d of %d octets came through %d deadlines", len(got), len(stream), deadlines)
	}
}

// patient gives a deadline's error before each read.
type patient struct {
	r    io.Reader
	next bool
}

func (p *patient) Read(b []byte) (int, error) {
	if p.next = !p.next; p.next {
		return 0, os.ErrDeadlineExceeded
	}
	return p.r.Read(b)
}

func TestNextBatchTakesWhatIsThere(t *testing.T) {
	link := AppendHeader(nil, EnquireLink, 0, 1)
	sm, err := AppendSM(nil, SubmitSM, 2, dltSM())
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.Join([][]byte{link, sm, link, sm[:20]}, nil)
	second := append(append([]byte(nil), sm[20:]...), claim(15)...)
	r := NewReader(io.MultiReader(bytes.NewReader(first), bytes.NewReader(second)))

	if r.Buffered() {
		t.Error("a frame is there before the first read")
	}
	kept := []Frame{Frame("kept")}
	batch, err := r.NextBatch(kept)
	if err != nil || len(batch) != 4 {
		t.Fatalf("%d frames, %v", len(batch), err)
	}
	if r.Buffered() {
		t.Error("half a frame counts as a whole one")
	}
	again, err := r.NextBatch(nil)
	if err != nil || len(again) != 1 {
		t.Fatalf("%d frames, %v", len(again), err)
	}
	for i, want := range [][]byte{[]byte("kept"), link, sm, link} {
		if !bytes.Equal(batch[i], want) {
			t.Errorf("frame %d is %x, want %x", i, batch[i], want)
		}
	}
	if !bytes.Equal(again[0], sm) {
		t.Errorf("the frame of two reads is %x", again[0])
	}
	if cap(batch[1]) != len(batch[1]) {
		t.Error("an append to a frame would write into the next one")
	}
	if !r.Buffered() {
		t.Error("an illegal length is not said to be there")
	}
	for range 2 {
		if fs, err := r.NextBatch(nil); !errors.Is(err, ErrLength) || fs != nil {
			t.Errorf("%d frames, %v", len(fs), err)
		}
	}
}

func TestNextKeepsAFrameUntilTheNextCall(t *testing.T) {
	stream := append(AppendHeader(nil, EnquireLink, 0, 1), AppendHeader(nil, Unbind, 0, 2)...)
	r := NewReader(bytes.NewReader(stream))
	f, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	if !r.Buffered() {
		t.Error("the second frame is not buffered")
	}
	if got := f.Header(); got != (Header{16, EnquireLink, 0, 1}) || len(f.Body()) != 0 || cap(f) != 16 {
		t.Errorf("%+v, body %x, room %d", got, f.Body(), cap(f))
	}
}

func TestReaderCutsAnyStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var want []string
		for _, body := range rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 300), 0, 40).Draw(t, "bodies") {
			start := len(stream)
			stream = AppendHeader(stream, CommandID(rapid.Uint32().Draw(t, "id")), 0, rapid.Uint32().Draw(t, "seq"))
			stream = setLength(append(stream, body...), start)
			want = append(want, string(stream[start:]))
		}
		pieces := rapid.SampledFrom([]func(io.Reader) io.Reader{
			iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader, func(r io.Reader) io.Reader { return r },
		}).Draw(t, "pieces")
		r := NewReader(pieces(bytes.NewReader(stream)))
		var got []string
		for {
			var err error
			if rapid.Bool().Draw(t, "batch") {
				var fs []Frame
				fs, err = r.NextBatch(nil)
				for _, f := range fs {
					got = append(got, string(f))
				}
			} else if f, e := r.Next(); e == nil {
				got = append(got, string(f))
			} else {
				err = e
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d frames, want %d", len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("frame %d is %x, want %x", i, got[i], want[i])
			}
		}
	})
}

func FuzzReader(f *testing.F) {
	for _, n := range lengths {
		f.Add(claim(n))
	}
	f.Add([]byte{})
	f.Add(append(AppendHeader(nil, EnquireLink, 0, 0), receiptFrame(f)...))
	f.Add(append(AppendHeader(nil, SubmitSM, 0, 0xFFFFFFFF), 0, 0, 0, 15))
	f.Fuzz(func(t *testing.T, stream []byte) {
		one, many := NewReader(bytes.NewReader(stream)), NewReader(iotest.HalfReader(bytes.NewReader(stream)))
		read := 0
		for {
			fs, batchErr := many.NextBatch(nil)
			for _, g := range fs {
				f, err := one.Next()
				if err != nil || !bytes.Equal(f, g) || int(f.Header().Length) != len(f) {
					t.Fatalf("at octet %d: % x and % x, %v", read, f, g, err)
				}
				if !bytes.Equal(f, stream[read:read+len(f)]) {
					t.Fatalf("at octet %d the frame is % x", read, f)
				}
				read += len(f)
			}
			if batchErr == nil {
				continue
			}
			_, err := one.Next()
			if errors.Is(err, ErrLength) != errors.Is(batchErr, ErrLength) || errors.Is(err, io.EOF) != errors.Is(batchErr, io.EOF) {
				t.Fatalf("%v and %v", err, batchErr)
			}
			if errors.Is(err, io.EOF) && read != len(stream) {
				t.Fatalf("an end after %d of %d octets", read, len(stream))
			}
			return
		}
	})
}

// loop is a stream without an end.
type loop struct {
	b   []byte
	off int
}

func (l *loop) Read(b []byte) (int, error) {
	n := copy(b, l.b[l.off:])
	l.off = (l.off + n) % len(l.b)
	return n, nil
}

func BenchmarkNextBatch(b *testing.B) {
	r := NewReader(&loop{b: bytes.Repeat(receiptFrame(b), 100)})
	frames := make([]Frame, 0, 512)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		var err error
		if frames, err = r.NextBatch(frames[:0]); err != nil {
			b.Fatal(err)
		}
		n += len(frames)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/frame")
}
