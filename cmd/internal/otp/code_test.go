package otp

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestTruncationOfTheRFC: the vectors of RFC 4226 appendix D.
func TestTruncationOfTheRFC(t *testing.T) {
	truncated := []uint32{1284755224, 1094287082, 137359152, 1726969429, 1640338314, 868254676, 1918287922, 82162583, 673399871, 645520489}
	codes := []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"}
	for i := range codes {
		h := hmac.New(sha1.New, []byte("12345678901234567890"))
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(i)))
		sum := h.Sum(nil)
		if got := truncate31(sum); got != truncated[i] {
			t.Errorf("counter %d: truncated to %d, want %d", i, got, truncated[i])
		}
		if got, ok := codeOf(sum, digitSymbols, 6); !ok || got != codes[i] {
			t.Errorf("counter %d: code %s %v, want %s", i, got, ok, codes[i])
		}
	}
}

// TestWideTruncation: the 63 bits begin with the RFC's 31, at each of the 16 places.
func TestWideTruncation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sum := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "sum")
		if wide, narrow := truncate63(sum), truncate31(sum); uint32(wide>>32) != narrow || wide>>63 != 0 {
			t.Fatalf("63 bits %x, 31 bits %x", wide, narrow)
		}
	})
}

// TestCodeOf: which values become which codes, and which none.
func TestCodeOf(t *testing.T) {
	sum := func(value uint64) []byte { // read from its first byte on: its last byte is 0
		return append(binary.BigEndian.AppendUint64(nil, value), make([]byte, 24)...)
	}
	for _, tt := range []struct {
		value   uint64
		symbols string
		length  int
		want    string
	}{
		{0, digitSymbols, 6, "000000"},
		{1 << 32, digitSymbols, 6, "000001"},
		{2146_999_999 << 32, digitSymbols, 6, "999999"},
		{2147_000_000 << 32, digitSymbols, 6, ""}, // 483,648 codes would come once more
		{1999_999_999 << 32, digitSymbols, 9, "999999999"},
		{2000_000_000 << 32, digitSymbols, 9, ""},
		{9_876_543_210, digitSymbols, 10, "9876543210"},
		{922_337_203_6854775807, digitSymbols, 10, ""},
		{922_337_203_0000000000 - 1, digitSymbols, 10, "9999999999"},
		{20 << 32, letterSymbols, 4, "333Y"},
		{20, letterSymbols, 10, "333333333Y"},
	} {
		if got, ok := codeOf(sum(tt.value), tt.symbols, tt.length); got != tt.want || ok != (tt.want != "") {
			t.Errorf("codeOf(%d, %d of %d symbols) = %q %v, want %q", tt.value, tt.length, len(tt.symbols), got, ok, tt.want)
		}
	}
}

// TestCodesAreUniform: chi-square tests of symbols at each place and of whole codes. The keys and challenges are fixed, so that
// it says the same each time; five standard deviations (of a chi-square with n degrees of freedom: √2n) are allowed for.
func TestCodesAreUniform(t *testing.T) {
	const codes = 40_000
	k, s := keyring(t, "k1").codes["k1"], &Subject{Tenant: tenant, Purpose: Login}
	for _, tt := range []struct {
		alphabet Alphabet
		length   int
	}{{Digits, 4}, {Digits, 6}, {Digits, 9}, {Digits, 10}, {Letters, 6}, {Letters, 10}} {
		t.Run(fmt.Sprintf("%d %s", tt.length, tt.alphabet), func(t *testing.T) {
			t.Parallel()
			symbols := tt.alphabet.symbols()
			places := make([][]int, tt.length)
			for i := range places {
				places[i] = make([]int, len(symbols))
			}
			whole := make([]int, 1000) // by the first three symbols' rank, where there are as many
			for n := range codes {
				ch := &Challenge{ID: ChallengeID(strconv.Itoa(n)), Alphabet: tt.alphabet, Length: tt.length}
				code := k.code(s, ch, number).Reveal()
				for i := range code {
					places[i][strings.IndexByte(symbols, code[i])]++
				}
				if tt.alphabet == Digits {
					whole[100*int(code[0]-'0')+10*int(code[1]-'0')+int(code[2]-'0')]++
				}
			}
			for i := range places {
				checkUniform(t, fmt.Sprintf("%d %s, place %d", tt.length, tt.alphabet, i), places[i])
			}
			if tt.alphabet == Digits {
				checkUniform(t, fmt.Sprintf("%d %s, first three", tt.length, tt.alphabet), whole)
			}
		})
	}
}

func chiSquare(counts []int) (x float64, freedom float64) {
	total := 0
	for _, n := range counts {
		total += n
	}
	want := float64(total) / float64(len(counts))
	for _, n := range counts {
		x += (float64(n) - want) * (float64(n) - want) / want
	}
	return x, float64(len(counts) - 1)
}

func checkUniform(t *testing.T, what string, counts []int) {
	t.Helper()
	if x, n := chiSquare(counts); math.Abs(x-n) > 5*math.Sqrt(2*n) {
		t.Errorf("%s: chi-square %.0f with %.0f degrees of freedom: %v", what, x, n, counts)
	}
}

// TestChiSquareSeesTheRemainder: the same test finds the plain remainder of 31 bits out, so that it is worth something.
func TestChiSquareSeesTheRemainder(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 2026))
	first := make([]int, 10)
	for range 60_000 {
		first[random.Uint32()>>1%1_000_000_000/100_000_000]++
	}
	if x, n := chiSquare(first); x-n < 5*math.Sqrt(2*n) {
		t.Errorf("chi-square %.0f of 31 bits modulo 10⁹ passes", x)
	}
}

// TestCodeDependsOnAll: another tenant, number, purpose, challenge or key has another code, and the same ones the same.
func TestCodeDependsOnAll(t *testing.T) {
	k := keyring(t, "k1")
	s, ch := &Subject{Tenant: tenant, Purpose: Login}, &Challenge{ID: "aaaa", Length: 10, Alphabet: Digits}
	code := k.codes["k1"].code(s, ch, number)
	if again := k.codes["k1"].code(s, ch, number); again != code {
		t.Errorf("the same code came out as two")
	}
	for what, other := range map[string]string{
		"tenant":    k.codes["k1"].code(&Subject{Tenant: "acmf", Purpose: Login}, ch, number).Reveal(),
		"cut":       k.codes["k1"].code(&Subject{Tenant: "acm", Purpose: "elogin"}, ch, number).Reveal(),
		"purpose":   k.codes["k1"].code(&Subject{Tenant: tenant, Purpose: Reset}, ch, number).Reveal(),
		"number":    k.codes["k1"].code(s, ch, number[:11]+"8").Reveal(),
		"challenge": k.codes["k1"].code(s, &Challenge{ID: "aaab", Length: 10, Alphabet: Digits}, number).Reveal(),
		"key":       k.codes["k2"].code(s, ch, number).Reveal(),
	} {
		if other == code.Reveal() {
			t.Errorf("another %s has the same code", what)
		}
	}
}

// TestSample: a sample has every kind of symbol that its alphabet has, and no other.
func TestSample(t *testing.T) {
	for a, symbols := range map[Alphabet]string{Digits: digitSymbols, Letters: letterSymbols} {
		for n := 4; n <= 10; n++ {
			code := a.Sample(n).Reveal()
			if len(code) != n || strings.Trim(code, symbols) != "" || !strings.ContainsAny(code, "0123456789") ||
				strings.ContainsAny(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != (a == Letters) {
				t.Errorf("%s: %d symbols: %s", a, n, code)
			}
		}
	}
}
