package smsctest

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestQueueModel holds the ring against a plain slice.
func TestQueueModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue[int]
		var model []int
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				v := rapid.Int().Draw(t, "v")
				q.push(v)
				model = append(model, v)
			},
			"pop": func(t *rapid.T) {
				if len(model) == 0 {
					t.Skip("empty")
				}
				if q.first() != model[0] || q.pop() != model[0] {
					t.Fatal("pop gives another than the oldest")
				}
				model = model[1:]
			},
			"": func(t *rapid.T) {
				if q.len() != len(model) {
					t.Fatalf("length %d, want %d", q.len(), len(model))
				}
				for i, v := range model {
					if q.at(i) != v {
						t.Fatalf("place %d holds %d, want %d", i, q.at(i), v)
					}
				}
			},
		})
	})
}

// TestAgendaModel holds the agenda against a list that is sorted by millisecond, stably.
func TestAgendaModel(t *testing.T) {
	type entry struct {
		at time.Duration // rounded up
		v  int
	}
	rapid.Check(t, func(t *rapid.T) {
		var a agenda[int]
		var model []entry
		var now time.Duration
		added := 0
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				at := now + time.Duration(rapid.Int64Range(0, int64(20*time.Millisecond)).Draw(t, "in"))
				a.add(at, added)
				model = append(model, entry{(at + time.Millisecond - 1).Truncate(time.Millisecond), added})
				added++
			},
			"run": func(t *rapid.T) {
				now += time.Duration(rapid.Int64Range(0, int64(10*time.Millisecond)).Draw(t, "for"))
				var got, want []int
				for bucket := a.take(now); bucket != nil; bucket = a.take(now) {
					got = append(got, bucket...)
					a.giveBack(bucket)
				}
				slices.SortStableFunc(model, func(x, y entry) int { return int(x.at - y.at) })
				for len(model) > 0 && model[0].at <= now {
					want, model = append(want, model[0].v), model[1:]
				}
				if !slices.Equal(got, want) {
					t.Fatalf("at %s: %v are due, want %v", now, got, want)
				}
			},
			"": func(t *rapid.T) {
				next, ok := a.next()
				if ok != (len(model) > 0) {
					t.Fatalf("a next task: %t, %d are to come", ok, len(model))
				}
				for _, e := range model {
					if e.at < next {
						t.Fatalf("next is %s, a task is due at %s", next, e.at)
					}
				}
			},
		})
	})
}

// TestLastSecond holds the sliding second against a count over all events.
func TestLastSecond(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l lastSecond
		var all []time.Duration
		var now time.Duration
		for _, step := range rapid.SliceOf(rapid.Int64Range(0, int64(time.Second))).Draw(t, "steps") {
			now += time.Duration(step)
			want := 0
			for _, at := range all {
				if now-at < time.Second {
					want++
				}
			}
			if got := l.count(now); got != want {
				t.Fatalf("at %s: %d in the last second, want %d", now, got, want)
			}
			l.add(now)
			all = append(all, now)
		}
	})
}
