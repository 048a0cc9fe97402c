package window

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func TestWindowLife(t *testing.T) {
	w := New[string](2)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }

	first, ok := w.Offer("first", at(0), at(10))
	second, ok2 := w.Offer("second", at(1), at(11))
	if _, full := w.Offer("third", at(1), at(11)); first != 1 || second != 2 || !ok || !ok2 || full {
		t.Fatalf("offers gave %d %v, %d %v, and a third %v; want 1 true, 2 true, false", first, ok, second, ok2, full)
	}
	w.Written(first, at(2))
	wantFirst := Entry[string]{"first", 1, at(0), at(2), at(10)}

	if got := w.Expire(at(9), nil); got != nil {
		t.Errorf("one second before the deadline expired %v", got)
	}
	if got, want := w.Expire(at(10), nil), []Entry[string]{wantFirst}; !reflect.DeepEqual(got, want) {
		t.Errorf("at the deadline expired %v, want %v", got, want)
	}
	if got := w.Expire(at(10), nil); got != nil {
		t.Errorf("expired a second time: %v", got)
	}
	if w.Len() != 1 || w.Free() != 0 {
		t.Errorf("with one waiting and one late, Len %d and Free %d; want 1 and 0", w.Len(), w.Free())
	}
	if e, outcome := w.Answer(first); e != wantFirst || outcome != Late {
		t.Errorf("late answer gave %v, %v; want %v, Late", e, outcome, wantFirst)
	}
	if e, outcome := w.Answer(first); e != (Entry[string]{}) || outcome != Unknown {
		t.Errorf("second answer gave %v, %v; want nothing, Unknown", e, outcome)
	}
	if e, outcome := w.Answer(second); e.Value != "second" || !e.Written.IsZero() || outcome != Matched {
		t.Errorf("answer in time gave %v, %v; want second, not written, Matched", e, outcome)
	}
	if _, ok := w.NextDeadline(); ok || w.Free() != 2 {
		t.Errorf("empty window has a deadline (%v) or Free %d, want none and 2", ok, w.Free())
	}
}

func TestLateSlotIsFreedAfterOneMoreTimeout(t *testing.T) {
	w := New[int](1)
	seq, _ := w.Offer(7, start, start.Add(10*time.Second))
	w.Expire(start.Add(12*time.Second), nil)
	if at, _ := w.NextDeadline(); !at.Equal(start.Add(20 * time.Second)) {
		t.Errorf("next deadline %v, want 20 s after the offer", at.Sub(start))
	}
	if w.Expire(start.Add(20*time.Second-1), nil); w.Free() != 0 {
		t.Error("slot freed a nanosecond early")
	}
	if got := w.Expire(start.Add(20*time.Second), nil); got != nil || w.Free() != 1 {
		t.Errorf("at the second timeout expired %v, free %d; want nothing, 1", got, w.Free())
	}
	if e, outcome := w.Answer(seq); outcome != Late || e.Value != 7 || w.Free() != 1 {
		t.Errorf("answer after that is %v to %v, want Late to 7", outcome, e.Value)
	}
	if _, outcome := w.Answer(seq); outcome != Unknown {
		t.Errorf("a second answer is %v, want Unknown", outcome)
	}
}

// TestOverdueIsBounded: of more than overdueMax requests that were never answered, the oldest are forgotten.
func TestOverdueIsBounded(t *testing.T) {
	w := New[int](1)
	now := start
	for v := range overdueMax + 2 {
		w.Offer(v, now, now.Add(time.Second))
		now = now.Add(2 * time.Second)
		w.Expire(now, nil)
	}
	if n := len(w.overdue.entries); n != overdueMax {
		t.Errorf("%d remembered, want %d", n, overdueMax)
	}
	for _, tt := range []struct {
		seq  uint32
		want Outcome
	}{{2, Unknown}, {3, Late}, {overdueMax + 2, Late}} {
		if _, got := w.Answer(tt.seq); got != tt.want {
			t.Errorf("answer to %d: %v, want %v", tt.seq, got, tt.want)
		}
	}
}

func TestAbandonSplitsWrittenFromUnwritten(t *testing.T) {
	w := New[int](4)
	for v := range 4 {
		w.Offer(v, start, start.Add(time.Duration(v+1)*time.Second))
	}
	w.Expire(start.Add(time.Second), nil)
	w.Written(2, start)
	w.Written(4, start)
	w.Written(99, start) // never offered
	written, unwritten := w.Abandon()
	values := func(entries []Entry[int]) (v []int) {
		for _, e := range entries {
			v = append(v, e.Value)
		}
		return v
	}
	if got := fmt.Sprint(values(written), values(unwritten)); got != "[1 3] [2]" {
		t.Errorf("abandoned %s, want [1 3] [2]: the late entry 0 was reported before", got)
	}
	if w.Free() != 4 || w.Len() != 0 {
		t.Errorf("after Abandon Free %d Len %d, want 4 and 0", w.Free(), w.Len())
	}
}

func TestNumbersWrapAndSkipWhatIsHeld(t *testing.T) {
	w := New[int](2)
	w.next = MaxNumber - 1
	deadline := start.Add(time.Minute)
	stuck, _ := w.Offer(0, start, deadline)
	got := []uint32{stuck, w.Number(), w.Number(), w.Number()}
	if want := fmt.Sprint([]uint32{MaxNumber - 1, MaxNumber, 1, 3}); fmt.Sprint(got) != want {
		t.Errorf("numbers %v, want %v: 2 shares the slot of the held one", got, want)
	}
	w.next = stuck
	if n := w.Number(); n != MaxNumber {
		t.Errorf("number %d, want %d: the one before it is held", n, MaxNumber)
	}
}

// model is a window as one would write it without care for speed.
type model struct {
	entries []Entry[int] // in the order of the offers
	late    map[uint32]bool
	overdue map[uint32]Entry[int]
}

func (m *model) drop(seq uint32) {
	for i, e := range m.entries {
		if e.Seq == seq {
			m.entries = append(m.entries[:i:i], m.entries[i+1:]...)
			delete(m.late, seq)
			return
		}
	}
}

func (m *model) find(seq uint32) *Entry[int] {
	for i := range m.entries {
		if m.entries[i].Seq == seq {
			return &m.entries[i]
		}
	}
	return nil
}

func (m *model) next() (at time.Time, ok bool) {
	for _, e := range m.entries {
		due := e.Deadline
		if m.late[e.Seq] {
			due = due.Add(e.Deadline.Sub(e.Offered))
		}
		if !ok || due.Before(at) {
			at, ok = due, true
		}
	}
	return at, ok
}

func TestWindowAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 9).Draw(t, "size")
		timeout := time.Duration(rapid.IntRange(1, 20).Draw(t, "timeout")) * time.Second
		w := New[int](size)
		w.next = rapid.SampledFrom([]uint32{1, 2, 1000, MaxNumber - 3, MaxNumber}).Draw(t, "next")
		m := model{late: map[uint32]bool{}, overdue: map[uint32]Entry[int]{}}
		now, value, seen := start, 0, []uint32{12345}

		t.Repeat(map[string]func(*rapid.T){
			"offer": func(t *rapid.T) {
				value++
				seq, ok := w.Offer(value, now, now.Add(timeout))
				if want := len(m.entries) < size; ok != want {
					t.Fatalf("Offer %v with %d of %d held", ok, len(m.entries), size)
				}
				if !ok {
					return
				}
				if seq < 1 || seq > MaxNumber || m.find(seq) != nil {
					t.Fatalf("Offer gave %d, out of range or outstanding", seq)
				}
				m.entries = append(m.entries, Entry[int]{Value: value, Seq: seq, Offered: now, Deadline: now.Add(timeout)})
				seen = append(seen, seq)
			},
			"number": func(t *rapid.T) {
				if n := w.Number(); n < 1 || n > MaxNumber || m.find(n) != nil {
					t.Fatalf("Number gave %d, out of range or outstanding", n)
				}
			},
			"written": func(t *rapid.T) {
				seq := rapid.SampledFrom(seen).Draw(t, "seq")
				w.Written(seq, now)
				if e := m.find(seq); e != nil {
					e.Written = now
				}
			},
			"answer": func(t *rapid.T) {
				seq := rapid.SampledFrom(seen).Draw(t, "seq")
				want, outcome := Entry[int]{}, Unknown
				if e := m.find(seq); e != nil {
					want, outcome = *e, Matched
					if m.late[seq] {
						outcome = Late
					}
				} else if e, ok := m.overdue[seq]; ok {
					want, outcome = e, Late
				}
				if v, got := w.Find(seq); v != want.Value || got != outcome {
					t.Fatalf("Find(%d) gave %v %v, want %v %v", seq, v, got, want.Value, outcome)
				}
				if e, got := w.Answer(seq); e != want || got != outcome {
					t.Fatalf("Answer(%d) gave %v %v, want %v %v", seq, e, got, want, outcome)
				}
				m.drop(seq)
				delete(m.overdue, seq)
			},
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(0, 15).Draw(t, "seconds")) * time.Second)
				var want []Entry[int]
				for _, e := range append([]Entry[int](nil), m.entries...) {
					if !m.late[e.Seq] && !e.Deadline.After(now) {
						want = append(want, e)
						m.late[e.Seq] = true
					}
					if m.late[e.Seq] && !e.Deadline.Add(timeout).After(now) {
						m.drop(e.Seq)
						m.overdue[e.Seq] = e
					}
				}
				if got := w.Expire(now, nil); !reflect.DeepEqual(got, want) {
					t.Fatalf("Expire gave %v, want %v", got, want)
				}
			},
			"abandon": func(t *rapid.T) {
				var written, unwritten []Entry[int]
				for _, e := range m.entries {
					switch {
					case m.late[e.Seq]:
					case e.Written.IsZero():
						unwritten = append(unwritten, e)
					default:
						written = append(written, e)
					}
				}
				gotWritten, gotUnwritten := w.Abandon()
				if !reflect.DeepEqual(gotWritten, written) || !reflect.DeepEqual(gotUnwritten, unwritten) {
					t.Fatalf("Abandon gave %v, %v; want %v, %v", gotWritten, gotUnwritten, written, unwritten)
				}
				m = model{late: map[uint32]bool{}, overdue: map[uint32]Entry[int]{}}
			},
			"": func(t *rapid.T) {
				if w.Len() != len(m.entries)-len(m.late) || w.Free() != size-len(m.entries) || w.Size() != size {
					t.Fatalf("Len %d Free %d Size %d with %d held, %d of them late", w.Len(), w.Free(), w.Size(),
						len(m.entries), len(m.late))
				}
				at, ok := w.NextDeadline()
				if want, wantOK := m.next(); ok != wantOK || !at.Equal(want) {
					t.Fatalf("NextDeadline %v %v, want %v %v", at, ok, want, wantOK)
				}
			},
		})
	})
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	w := New[int](100)
	var expired []Entry[int]
	now := start
	round := func() {
		now = now.Add(time.Second)
		seq, _ := w.Offer(1, now, now.Add(10*time.Second))
		w.Written(seq, now)
		if seq%3 != 0 {
			w.Answer(seq)
		}
		expired = w.Expire(now, expired[:0])
	}
	for range 1000 {
		round()
	}
	if allocs := testing.AllocsPerRun(1000, round); allocs != 0 {
		t.Errorf("a round of offer, write, answer, expire allocates %v times", allocs)
	}
}

func BenchmarkWindow(b *testing.B) {
	for _, size := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			w := New[*int](size)
			deadline := start.Add(time.Minute)
			var oldest uint32
			for range size - 1 {
				w.Offer(nil, start, deadline)
			}
			b.ReportAllocs()
			for b.Loop() {
				seq, _ := w.Offer(nil, start, deadline)
				w.Written(seq, start)
				oldest++
				w.Answer(oldest)
			}
		})
	}
}
