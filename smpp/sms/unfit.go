package sms

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrNotText says that a text is not valid UTF-8: it has no characters to send.
var ErrNotText = errors.New("the text is not valid UTF-8")

// ErrTooLong says that a text needs more than 255 segments, the most that a user data header can count.
var ErrTooLong = errors.New("the text needs more than 255 segments")

// UnfitError says that none of an SMSC's alphabets holds a text. It names the character at which the last of them
// gives up: the first that none holds, or, where one holds this and another that, the first that none holds together
// with all before it. In packed GSM-7 it can also be a carriage return at the end that would be taken for filling.
type UnfitError struct {
	Character rune
	Position  int // in characters, from 1
	Alphabets []Encoding
	Languages []Language
}

func (e *UnfitError) Error() string {
	names := make([]string, 0, len(e.Alphabets)+len(e.Languages))
	for _, a := range e.Alphabets {
		names = append(names, a.String())
	}
	for _, l := range e.Languages {
		names = append(names, l.String())
	}
	return fmt.Sprintf("no alphabet of the SMSC (%s) holds character %d (%U) with those before it: change it or allow ucs2",
		strings.Join(names, ", "), e.Position, e.Character)
}

// unfit says why text, which no alphabet holds, does not go.
func (c *Coding) unfit(text string) error {
	if !utf8.ValidString(text) {
		return ErrNotText
	}
	runes := []rune(text)
	reach := 0
	for _, e := range c.alphabets() {
		switch e {
		case Latin1:
			reach = max(reach, held(runes, func(r rune) bool { return r <= 0xFF }))
		case GSM7:
			reach = max(reach, held(runes, plain.holds))
			for _, language := range c.Languages {
				for _, t := range pairsOf(language) {
					reach = max(reach, held(runes, t.holds))
				}
			}
		}
	}
	at := min(reach, len(runes)-1) // all are held where the last one is the carriage return
	return &UnfitError{Character: runes[at], Position: at + 1, Alphabets: c.alphabets(), Languages: c.Languages}
}

// held counts the runes at the front for which holds says yes.
func held(runes []rune, holds func(rune) bool) int {
	for i, r := range runes {
		if !holds(r) {
			return i
		}
	}
	return len(runes)
}
