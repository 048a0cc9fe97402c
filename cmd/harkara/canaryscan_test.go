package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// canary is a value that must not be found anywhere, with all the octets that it may hide in.
type canary struct {
	name  string
	forms []disguise
}

// disguise is one way to write a value: octets, of which the bits of mask count.
type disguise struct {
	name         string
	octets, mask []byte
	from, to     int // the longest run of octets that count whole, to look for first
}

// newDisguise makes a disguise; mask nil: every bit counts.
func newDisguise(name string, octets, mask []byte) disguise {
	f := disguise{name: name, octets: octets, mask: mask}
	if mask == nil {
		f.mask = bytes.Repeat([]byte{0xFF}, len(octets))
	}
	for start := 0; start < len(f.mask); start++ {
		end := start
		for end < len(f.mask) && f.mask[end] == 0xFF {
			end++
		}
		if end-start > f.to-f.from {
			f.from, f.to = start, end
		}
	}
	return f
}

// index finds it; -1: it is not there.
func (f *disguise) index(in []byte) int {
	for at := 0; ; at++ {
		next := bytes.Index(in[at:], f.octets[f.from:f.to])
		if next < 0 {
			return -1
		}
		at += next
		if begin := at - f.from; begin >= 0 && begin+len(f.octets) <= len(in) && f.matches(in[begin:]) {
			return begin
		}
	}
}

func (f *disguise) matches(in []byte) bool {
	for i, m := range f.mask {
		if in[i]&m != f.octets[i]&m {
			return false
		}
	}
	return true
}

// secretCanary is a code, a name or a password.
func secretCanary(name, value string) canary { return canary{name, textForms(value)} }

// textForms are those of any text, which is of letters, digits and hyphens.
func textForms(s string) []disguise {
	lower := hex.EncodeToString([]byte(s))
	forms := []disguise{newDisguise("text", []byte(s), nil), newDisguise("hexadecimal", []byte(lower), nil)}
	if upper := strings.ToUpper(lower); upper != lower {
		forms = append(forms, newDisguise("hexadecimal, capitals", []byte(upper), nil))
	}
	var big, little []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		big, little = binary.BigEndian.AppendUint16(big, unit), binary.LittleEndian.AppendUint16(little, unit)
	}
	forms = append(forms, newDisguise("UTF-16", big, nil), newDisguise("UTF-16, little-endian", little, nil))
	return append(append(forms, base64Forms(s)...), packedForms(s)...)
}

// base64Forms are what a text looks like within something longer that is in base64: it may begin at any of three places
// of a group. Characters that its neighbours share are left out.
func base64Forms(s string) (forms []disguise) {
	for shift := range 3 {
		for name, alphabet := range map[string]*base64.Encoding{"base64": base64.StdEncoding, "base64 of URLs": base64.URLEncoding} {
			text := alphabet.EncodeToString(append(make([]byte, shift), s...))
			begin, end := (8*shift+5)/6, 8*(shift+len(s))/6
			forms = append(forms, newDisguise(fmt.Sprintf("%s, shifted by %d", name, shift), []byte(text[begin:end]), nil))
		}
	}
	return forms
}

// packedForms are GSM-7 in packed septets (3GPP TS 23.038 §6.1.2.1), beginning at each bit of an octet.
func packedForms(s string) (forms []disguise) {
	for shift := range 8 {
		octets, mask := make([]byte, (shift+7*len(s)+7)/8), make([]byte, (shift+7*len(s)+7)/8)
		for i := range 7 * len(s) {
			at := shift + i
			mask[at/8] |= 1 << (at % 8)
			octets[at/8] |= s[i/7] >> (i % 7) & 1 << (at % 8)
		}
		forms = append(forms, newDisguise(fmt.Sprintf("packed septets, shifted by %d", shift), octets, mask))
	}
	return forms
}

// numberCanary is an Indian number of ten digits, in every form that people, protocols and programs write it.
func numberCanary(digits string) canary {
	forms := textForms(digits)
	for _, text := range []string{digits[:5] + " " + digits[5:], digits[:5] + "-" + digits[5:], digits[:3] + "-" + digits[3:6] + "-" + digits[6:]} {
		forms = append(forms, newDisguise("text "+text, []byte(text), nil))
	}
	// Semi-octets (3GPP TS 23.040 §9.1.2.3) have the first digit low, packed decimals high; what stands before them decides
	// where an octet begins.
	for shift := range 2 {
		swapped, plain, low, high := semiOctets(digits, shift)
		forms = append(forms, newDisguise(fmt.Sprintf("semi-octets, shifted by %d", shift), swapped, low),
			newDisguise(fmt.Sprintf("packed decimals, shifted by %d", shift), plain, high))
	}
	for _, text := range []string{digits, "91" + digits} {
		var n uint64
		if _, err := fmt.Sscan(text, &n); err != nil {
			panic(err)
		}
		forms = append(forms, newDisguise("integer "+text, binary.BigEndian.AppendUint64(nil, n), nil),
			newDisguise("little-endian integer "+text, binary.LittleEndian.AppendUint64(nil, n), nil),
			newDisguise("hexadecimal integer "+text, []byte(fmt.Sprintf("%x", n)), nil),
			newDisguise("hexadecimal integer, capitals "+text, []byte(fmt.Sprintf("%X", n)), nil))
	}
	return canary{"number", forms}
}

// semiOctets writes digits two to an octet, after so many other digits.
func semiOctets(digits string, shift int) (swapped, plain, low, high []byte) {
	n := (shift + len(digits) + 1) / 2
	swapped, plain, low, high = make([]byte, n), make([]byte, n), make([]byte, n), make([]byte, n)
	for i := range len(digits) {
		at := shift + i
		first := at%2 == 0
		digit := digits[i] - '0'
		if first {
			swapped[at/2], low[at/2] = swapped[at/2]|digit, low[at/2]|0x0F
			plain[at/2], high[at/2] = plain[at/2]|digit<<4, high[at/2]|0xF0
		} else {
			swapped[at/2], low[at/2] = swapped[at/2]|digit<<4, low[at/2]|0xF0
			plain[at/2], high[at/2] = plain[at/2]|digit, high[at/2]|0x0F
		}
	}
	return swapped, plain, low, high
}

// scan tells what of the canaries is in some octets, with what stands around it.
func scan(canaries []canary, octets []byte) (found []string) {
	for a, at := range finderOf(canaries).find(canaries, octets) {
		c := &canaries[a.canary]
		f := &c.forms[a.form]
		found = append(found, fmt.Sprintf("%s as %s: %q", c.name, f.name, octets[max(0, at-80):min(len(octets), at+len(f.octets)+80)]))
	}
	slices.Sort(found)
	return found
}

// scanFiles scans every file of a folder but those that may hold a canary, and says how many there were and how large.
// PostgreSQL and NATS make and remove files all the time: what is gone is passed over.
func scanFiles(t *testing.T, canaries []canary, dir string, but ...string) (found []string, files int, size int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		for _, name := range but {
			if path == filepath.Join(dir, name) {
				return nil
			}
		}
		octets, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil
		}
		files, size = files+1, size+int64(len(octets))
		for _, what := range scan(canaries, octets) {
			found = append(found, path+" holds the "+what)
		}
		found = append(found, scan(canaries, []byte(path))...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, files, size
}
