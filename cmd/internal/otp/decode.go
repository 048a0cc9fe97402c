package otp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"
	"unicode/utf8"
)

// plainName is a field's name that surely is neither code nor number.
var plainName = regexp.MustCompile(`^[a-z_]{1,32}$`)

// Decode reads one JSON object into a call. Its fault tells what is wrong without quoting the call, which may hold a code.
// A field that the call does not have is a fault, and so is one that stands twice: of two codes another reader, such as a
// proxy that counts tries, may take the one that is not taken here.
func Decode(data []byte, call any) *Error {
	if !utf8.Valid(data) { // the decoder would put U+FFFD in its place
		return &Error{Code: BadRequest, Detail: "not UTF-8"}
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(call); err != nil {
		return &Error{Code: BadRequest, Detail: undecoded(err)}
	}
	if _, err := dec.Token(); err != io.EOF {
		return &Error{Code: BadRequest, Detail: "more follows the JSON object"}
	}
	if detail := unclear(json.NewDecoder(bytes.NewReader(data)), true); detail != "" {
		return &Error{Code: BadRequest, Detail: detail}
	}
	return nil
}

// undecoded words a decoder's error without quoting the call.
func undecoded(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch name, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the JSON object is cut off"
	case errors.As(err, &syntax):
		return fmt.Sprintf("syntax error at byte %d", syntax.Offset)
	case errors.As(err, &kind) && kind.Field != "":
		have, _, _ := strings.Cut(kind.Value, " ") // of a number it quotes the digits
		return fmt.Sprintf("%s: want %s, have %s", kind.Field, jsonWord(kind.Type), have)
	case unknown && plainName.MatchString(strings.Trim(name, `"`)):
		return "unknown field " + name
	case unknown:
		return "unknown field"
	}
	return "not a JSON object"
}

// jsonWord is what JSON calls a type.
func jsonWord(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		return "array"
	case reflect.Map, reflect.Struct:
		return "object"
	case reflect.Int:
		return "whole number"
	}
	return t.Kind().String()
}

// unclear says what is wrong with the next value of a text that the decoder took: names that stand twice and, in a call, null,
// which it takes for any object, and names in capitals, which it takes for the field's.
func unclear(dec *json.Decoder, call bool) string {
	token, err := dec.Token()
	switch {
	case err != nil || call && token != json.Delim('{'):
		return "not a JSON object"
	case token == json.Delim('{'):
		seen := map[string]bool{}
		for dec.More() {
			name, err := dec.Token()
			text, isText := name.(string)
			switch {
			case err != nil || !isText || call && !plainName.MatchString(text):
				return "unknown field"
			case seen[text]:
				return "a field stands twice"
			}
			seen[text] = true
			if detail := unclear(dec, false); detail != "" {
				return detail
			}
		}
	case token == json.Delim('['):
		for dec.More() {
			if detail := unclear(dec, false); detail != "" {
				return detail
			}
		}
	default:
		return ""
	}
	if _, err := dec.Token(); err != nil { // the end of the object or array
		return "not a JSON object"
	}
	return ""
}
