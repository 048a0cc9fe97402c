package ledger

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math"
	"time"
	"unicode/utf8"

	"harkara/smpp/sms"
)

// scanner reads JSON as AppendEvent writes it: no white space, no null, known names. Whatever else it meets makes it
// odd; from then on it yields zeros and its loops end, and the line goes to encoding/json.
type scanner struct {
	b     []byte
	i     int
	odd   bool
	first bool // nothing was read since the last open
	known *Decoder
}

// once makes the scanner odd when a field comes twice.
func (s *scanner) once(first bool) { s.odd = s.odd || !first }

// eat takes one octet that must be there.
func (s *scanner) eat(c byte) {
	if s.odd || s.i >= len(s.b) || s.b[s.i] != c {
		s.odd = true
		return
	}
	s.i++
}

// open begins an object or a list.
func (s *scanner) open(c byte) {
	s.eat(c)
	s.first = true
}

// next says whether another element follows, and takes the comma before it or the closing octet.
func (s *scanner) next(closing byte) bool {
	if s.odd || s.i >= len(s.b) {
		s.odd = true
		return false
	}
	if s.b[s.i] == closing {
		s.i++
		s.first = false
		return false
	}
	if !s.first {
		s.eat(',')
	}
	s.first = false
	return !s.odd
}

// name takes a field's name and the colon.
func (s *scanner) name() []byte {
	raw := s.raw()
	s.eat(':')
	return raw
}

// raw takes a string without escapes and returns its octets, which are UTF-8.
func (s *scanner) raw() []byte {
	s.eat('"')
	if s.odd {
		return nil
	}
	start, ascii := s.i, true
	for ; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; {
		case c == '"':
			raw := s.b[start:s.i]
			s.i++
			s.odd = !ascii && !utf8.Valid(raw)
			return raw
		case c == '\\' || c < ' ':
			s.odd = true
			return nil
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	s.odd = true
	return nil
}

// string takes a string, with escapes or without.
func (s *scanner) string() string {
	if s.odd {
		return ""
	}
	start := s.i
	raw := s.raw()
	if !s.odd {
		return string(raw)
	}
	return s.escaped(start)
}

// often takes a string that is likely to come again.
func (s *scanner) often() string {
	if s.odd {
		return ""
	}
	start := s.i
	raw := s.raw()
	if !s.odd {
		return s.known.intern(raw)
	}
	return s.escaped(start)
}

// escaped takes the string that begins at start by encoding/json; it is the way of the few strings with escapes.
func (s *scanner) escaped(start int) string {
	for i := start + 1; i < len(s.b); i++ {
		if s.b[i] == '\\' {
			i++
			continue
		}
		if s.b[i] == '"' {
			var text string
			if json.Unmarshal(s.b[start:i+1], &text) != nil {
				return ""
			}
			s.odd, s.i = false, i+1
			return text
		}
	}
	return ""
}

func (s *scanner) bool() bool {
	if !s.odd && s.i+4 <= len(s.b) && string(s.b[s.i:s.i+4]) == "true" {
		s.i += 4
		return true
	}
	if !s.odd && s.i+5 <= len(s.b) && string(s.b[s.i:s.i+5]) == "false" {
		s.i += 5
		return false
	}
	s.odd = true
	return false
}

func (s *scanner) uint32() uint32 {
	start, n := s.i, uint64(0)
	for ; !s.odd && s.i < len(s.b) && s.b[s.i]-'0' <= 9; s.i++ {
		if n = n*10 + uint64(s.b[s.i]-'0'); n > math.MaxUint32 {
			s.odd = true
		}
	}
	if s.i == start || s.b[start] == '0' && s.i > start+1 {
		s.odd = true
	}
	return uint32(n)
}

// uint16 takes a number of two octets; a greater one is odd.
func (s *scanner) uint16() uint16 {
	n := s.uint32()
	s.odd = s.odd || n > math.MaxUint16
	return uint16(n)
}

// uint8 takes a number of one octet; a greater one is odd.
func (s *scanner) uint8() uint8 {
	n := s.uint32()
	s.odd = s.odd || n > math.MaxUint8
	return uint8(n)
}

// int takes a number that is not negative; others are odd.
func (s *scanner) int() int { return int(s.uint32()) }

// key takes a UUID in its usual form of 36 characters.
func (s *scanner) key() (key sms.Key) {
	raw := s.raw()
	if len(raw) != 36 || raw[8] != '-' || raw[13] != '-' || raw[18] != '-' || raw[23] != '-' {
		s.odd = true
		return key
	}
	var digits [32]byte
	n := copy(digits[:], raw[:8])
	n += copy(digits[n:], raw[9:13])
	n += copy(digits[n:], raw[14:18])
	n += copy(digits[n:], raw[19:23])
	copy(digits[n:], raw[24:])
	if _, err := hex.Decode(key[:], digits[:]); err != nil {
		s.odd = true
	}
	return key
}

func (s *scanner) bytes() []byte {
	raw := s.raw()
	if s.odd {
		return nil
	}
	p, err := base64.StdEncoding.AppendDecode(make([]byte, 0, base64.StdEncoding.DecodedLen(len(raw))), raw)
	s.odd = err != nil
	return p
}

// time takes a time in UTC as RFC 3339 writes it, with up to nine decimals.
func (s *scanner) time() time.Time {
	raw := s.raw()
	if len(raw) < 20 || len(raw) > 30 || raw[len(raw)-1] != 'Z' || raw[4] != '-' || raw[7] != '-' || raw[10] != 'T' ||
		raw[13] != ':' || raw[16] != ':' {
		s.odd = true
		return time.Time{}
	}
	year, month, day := s.digits(raw[:4]), s.digits(raw[5:7]), s.digits(raw[8:10])
	hour, minute, second := s.digits(raw[11:13]), s.digits(raw[14:16]), s.digits(raw[17:19])
	nanos := 0
	if decimals := raw[19 : len(raw)-1]; len(decimals) > 0 {
		s.odd = s.odd || len(decimals) == 1 || decimals[0] != '.'
		nanos = s.digits(decimals[1:])
		for n := len(decimals); n < 10; n++ {
			nanos *= 10
		}
	}
	// The days after the 28th depend on the month; encoding/json judges them where they might not exist.
	if s.odd || month < 1 || month > 12 || day < 1 || day > 28 && !realDay(year, month, day) || hour > 23 || minute > 59 || second > 59 {
		s.odd = true
		return time.Time{}
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
}

func realDay(year, month, day int) bool {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() == day
}

// digits reads a number of decimal digits alone.
func (s *scanner) digits(raw []byte) (n int) {
	for _, c := range raw {
		if c-'0' > 9 {
			s.odd = true
		}
		n = n*10 + int(c-'0')
	}
	return n
}
