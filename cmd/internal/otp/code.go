package otp

import (
	"crypto/subtle"
	"encoding/binary"
	"strings"

	"harkara/smpp/sms"
)

// The symbols of the alphabets. Of each pair that looks alike in some typeface or handwriting (0O, 1IL, 2Z, 5S, 8B, UV) none
// is a letters code's, and no vowel, so that no code is a word.
const (
	digitSymbols  = "0123456789"
	letterSymbols = "34679CDFGHJKMNPQRTWXY"
)

func (a Alphabet) symbols() string {
	if a == Letters {
		return letterSymbols
	}
	return digitSymbols
}

// Sample is a made-up code of n symbols to try a message with. It has every kind of symbol that the alphabet has, where n is 2
// or more: a phone or a browser may read digits and miss letters.
func (a Alphabet) Sample(n int) sms.Secret {
	// 11 has no common factor with 10 or 21, so that few symbols come twice, and leads from a letter to a digit and back.
	const stride = 11
	symbols, out := a.symbols(), make([]byte, n)
	for i := range out {
		out[i] = symbols[(i+1)*stride%len(symbols)]
	}
	return sms.Secret(out)
}

// code makes the code of a challenge: HMAC-SHA-256 over tenant, number, purpose, challenge and a counter, truncated. The
// counter is 0 unless what comes out of that can't be used without making some codes likelier than others; see codeOf.
func (c *codeKey) code(s *Subject, ch *Challenge, to sms.MSISDN) sms.Secret {
	var counter [8]byte
	for i := uint64(0); ; i++ {
		binary.BigEndian.PutUint64(counter[:], i)
		sum := mac(c.codes, string(s.Tenant), to.Digits(), string(s.Purpose), string(ch.ID), string(counter[:]))
		if code, ok := codeOf(sum, ch.Alphabet.symbols(), ch.Length); ok {
			return sms.Secret(code)
		}
	}
}

// codeOf truncates an HMAC to a code of length symbols, each code as likely as any other; false: this HMAC has none.
//
// It departs from RFC 4226 §5.3 in two places. Its 31 bits modulo 10^d make low codes likelier (for 9 digits, the lowest
// 15 % by half): values above the last whole multiple are refused here, and the next counter is tried. And 31 bits are fewer
// than 10 digits or 7 letters need: there the truncation takes 8 bytes from the same place instead of 4. What is not refused
// is, for up to 9 digits, exactly the RFC's HOTP value of that HMAC.
func codeOf(sum []byte, symbols string, length int) (string, bool) {
	base, codes := uint64(len(symbols)), uint64(1)
	for range length {
		codes *= base
	}
	value, span := uint64(truncate31(sum)), uint64(1)<<31
	if codes > span {
		value, span = truncate63(sum), 1<<63
	}
	if value >= span-span%codes {
		return "", false
	}
	out := make([]byte, length)
	for i := length - 1; i >= 0; i-- {
		out[i] = symbols[value%base]
		value /= base
	}
	return string(out), true
}

// truncate31 is the dynamic truncation of RFC 4226 §5.3: the low four bits of the last byte say where 31 bits are taken.
func truncate31(sum []byte) uint32 {
	at := sum[len(sum)-1] & 0xf
	return binary.BigEndian.Uint32(sum[at:]) & (1<<31 - 1)
}

// truncate63 takes 63 bits from the same place; sum has at least 24 bytes, as that of SHA-256 has.
func truncate63(sum []byte) uint64 {
	at := sum[len(sum)-1] & 0xf
	return binary.BigEndian.Uint64(sum[at:]) & (1<<63 - 1)
}

// ownDigest is what is kept of a tenant's own code.
func (c *codeKey) ownDigest(id ChallengeID, code sms.Secret) []byte {
	return mac(c.own, string(id), code.Reveal())
}

// matches compares a typed code with a challenge's, in a time that does not depend on where they differ. Letters are also
// taken small.
func (c *codeKey) matches(s *Subject, ch *Challenge, typed sms.Secret, to sms.MSISDN) bool {
	if len(ch.Own) > 0 {
		return subtle.ConstantTimeCompare(c.ownDigest(ch.ID, typed), ch.Own) == 1
	}
	text := typed.Reveal()
	if ch.Alphabet == Letters {
		text = strings.ToUpper(text)
	}
	return subtle.ConstantTimeCompare([]byte(text), []byte(c.code(s, ch, to).Reveal())) == 1
}
