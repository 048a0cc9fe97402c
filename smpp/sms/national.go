package sms

import (
	"sync"

	"github.com/warthog618/sms/encoding/gsm7/charset"
)

// languageTables are the tables of one language.
type languageTables struct {
	locking, single [128]rune
	pairs           [3]*tables
}

// national builds the tables of all languages (3GPP TS 23.038 Annex A) once: the library fills its own without a lock.
var national = sync.OnceValue(func() *[Urdu + 1]languageTables {
	all := new([Urdu + 1]languageTables)
	for l := Bengali; l <= Urdu; l++ {
		of := &all[l]
		take(&of.locking, charset.NewDecoder(int(l)))
		take(&of.single, charset.NewExtDecoder(int(l)))
		of.mend(l)
		of.pairs = [...]*tables{
			{single: l, runes: &gsmRunes, shift: &of.single, codes: codesOf(&gsmRunes, &of.single)},
			{locking: l, runes: &of.locking, shift: &gsmShift, codes: codesOf(&of.locking, &gsmShift)},
			{locking: l, single: l, runes: &of.locking, shift: &of.single, codes: codesOf(&of.locking, &of.single)},
		}
	}
	return all
})

// take copies one of the library's tables. The escape is in all of them and no character.
func take(dst *[128]rune, table charset.Decoder) {
	for septet, r := range table {
		if septet != gsmEscape {
			dst[septet] = r
		}
	}
}

// mend puts right what the library has wrong. Its 20 tables were compared with two transcriptions of the standard
// (versions 16.0.0 and 18.0.0) and with those that Android reads messages by. Where only a transcription differs and is
// a plain slip (a letter twice, a letter of another block), the library's is kept; so is ड's sister ಡ at 0x24 of the
// Kannada locking table, for which both transcriptions repeat the ಪ of 0x3D.
func (of *languageTables) mend(l Language) {
	// 0x0D of a single shift table is a control that is not to be used; the library has a carriage return there.
	of.single[gsmReturn] = 0
	switch l {
	case Hindi:
		// Candrabindu, anusvara and visarga of Devanagari; the library has those of Bengali.
		of.locking[0], of.locking[1], of.locking[2] = '\u0901', '\u0902', '\u0903'
	case Telugu:
		// No euro sign is in either transcription's single shift table; the library and Android have one. A text with
		// it goes in another alphabet rather than as a character that handsets disagree on.
		of.single[0x65] = 0
	}
}

// codesOf turns two tables round. A character that is in both, or in one twice, has its cheapest and lowest septet.
func codesOf(runes, shift *[128]rune) map[rune]byte {
	codes := make(map[rune]byte, 2*len(runes))
	for septet := 127; septet >= 0; septet-- {
		if r := shift[septet]; r != 0 {
			codes[r] = byte(septet) | gsmEscaped
		}
	}
	for septet := 127; septet >= 0; septet-- {
		if r := runes[septet]; r != 0 && septet != gsmEscape {
			codes[r] = byte(septet)
		}
	}
	return codes
}

// pairsOf gives the tables that a text in the language may be written in, the cheapest first: the default alphabet with
// the single shift table, the locking shift table with the default extension, both of the language. A language without
// tables has none.
func pairsOf(l Language) []*tables {
	if !l.known() {
		return nil
	}
	return national()[l].pairs[:]
}

// tablesOf gives the tables to read a text by; ok is false for a language that has none here.
func tablesOf(locking, single Language) (t *tables, ok bool) {
	t = &tables{locking: locking, single: single, runes: &gsmRunes, shift: &gsmShift}
	if locking == 0 && single == 0 {
		return plain, true
	}
	if locking != 0 && !locking.known() || single != 0 && !single.known() {
		return nil, false
	}
	if locking != 0 {
		t.runes = &national()[locking].locking
	}
	if single != 0 {
		t.shift = &national()[single].single
	}
	return t, true
}
