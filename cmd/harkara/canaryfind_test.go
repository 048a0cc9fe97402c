package main

import (
	"bytes"
	"sync"
)

// finder looks for all forms of some canaries in one pass: by three octets of each, which are looked up at every place. One
// pass for each form would take most of the time of the tests.
type finder struct {
	hit   [1 << 16]bool // by the hash of three octets: some form may have them
	forms map[[3]byte][]anchored
	short []anchored // of too few octets that count whole
}

// anchored is a form, and where in it its three octets stand.
type anchored struct {
	canary, form int
	at           int
}

func hashOf(a, b, c byte) uint16 { return uint16(a) ^ uint16(b)<<4 ^ uint16(c)<<8 }

func newFinder(canaries []canary) *finder {
	f := &finder{forms: map[[3]byte][]anchored{}}
	for i := range canaries {
		for j := range canaries[i].forms {
			form := &canaries[i].forms[j]
			at := form.anchor()
			if at < 0 {
				f.short = append(f.short, anchored{i, j, 0})
				continue
			}
			three := [3]byte(form.octets[at:])
			f.hit[hashOf(three[0], three[1], three[2])] = true
			f.forms[three] = append(f.forms[three], anchored{i, j, at})
		}
	}
	return f
}

// anchor is where three octets stand that count whole and are not all the same, as in empty pages; -1: nowhere.
func (f *disguise) anchor() int {
	for at := f.from; at+3 <= f.to; at++ {
		if three := f.octets[at : at+3]; !bytes.Equal(three, bytes.Repeat(three[:1], 3)) {
			return at
		}
	}
	return -1
}

// places are where some form's three octets may stand, from one on; at most cap(list) at once. It reads what nobody else
// has, and is what takes the time.
//
//go:norace
func (f *finder) places(in []byte, from int, list []int) []int {
	list = list[:0]
	for i := from; i+2 < len(in) && len(list) < cap(list); i++ {
		if f.hit[hashOf(in[i], in[i+1], in[i+2])] {
			list = append(list, i)
		}
	}
	return list
}

// find returns the first place of each form that is there.
func (f *finder) find(canaries []canary, in []byte) map[anchored]int {
	found := map[anchored]int{}
	list := make([]int, 0, 4096)
	for from := 0; ; from = list[len(list)-1] + 1 {
		if list = f.places(in, from, list); len(list) == 0 {
			break
		}
		for _, i := range list {
			for _, a := range f.forms[[3]byte(in[i:])] {
				form, begin := &canaries[a.canary].forms[a.form], i-a.at
				if _, known := found[a]; !known && begin >= 0 && begin+len(form.octets) <= len(in) && form.matches(in[begin:]) {
					found[a] = begin
				}
			}
		}
	}
	for _, a := range f.short {
		if at := canaries[a.canary].forms[a.form].index(in); at >= 0 {
			found[a] = at
		}
	}
	return found
}

// finders are made once for each list of canaries, which nobody changes.
var finders sync.Map

func finderOf(canaries []canary) *finder {
	type list struct {
		first *canary
		n     int
	}
	if len(canaries) == 0 {
		return newFinder(nil)
	}
	key := list{&canaries[0], len(canaries)}
	if f, ok := finders.Load(key); ok {
		return f.(*finder)
	}
	f := newFinder(canaries)
	finders.Store(key, f)
	return f
}
