package dlt

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxContent is how many characters a template's registered text may have, its tags included.
const MaxContent = 2000

// Token is one piece of a template's text: a literal, or a variable.
type Token struct {
	Literal string  // the exact text; empty for a variable
	Var     VarType // the variable's type; empty for a literal
	Tag     string  // the variable's tag as written, such as "{#num#}"; empty for a literal
}

// ParseContent cuts a template's registered text into literals and variables. Literals keep every character, line
// breaks too, and two never stand side by side; joining Literal and Tag of all tokens gives the text back. Adjacent
// tags are that many variables. A tag whose name is not known is a variable of type Unknown.
//
// The error names the position, in characters from 1, of a tag that is not closed or has no proper name, or says that
// the text is empty, too long or not UTF-8.
func ParseContent(content string) ([]Token, error) {
	switch n := utf8.RuneCountInString(content); {
	case content == "":
		return nil, fmt.Errorf("the template has no text")
	case !utf8.ValidString(content):
		return nil, fmt.Errorf("the template's text is not UTF-8: export it as \"CSV UTF-8\"")
	case n > MaxContent:
		return nil, fmt.Errorf("the template's text has %d characters; %d may be registered", n, MaxContent)
	}
	var tokens []Token
	rest := content
	for rest != "" {
		start := strings.Index(rest, "{#")
		if start < 0 {
			return append(tokens, Token{Literal: rest}), nil
		}
		if start > 0 {
			tokens = append(tokens, Token{Literal: rest[:start]})
		}
		name, ok := tagName(rest[start:])
		if !ok {
			at := utf8.RuneCountInString(content[:len(content)-len(rest)+start]) + 1
			return nil, fmt.Errorf("the tag at character %d is not written as {#name#}, such as {#var#} or {#num#}", at)
		}
		end := start + len("{#") + len(name) + len("#}")
		tokens = append(tokens, Token{Var: typeOfTag(name), Tag: rest[start:end]})
		rest = rest[end:]
	}
	return tokens, nil
}

// tagName returns the name in the tag that s begins with, and whether that tag is well formed: one or more letters,
// digits or underscores between {# and #}.
func tagName(s string) (string, bool) {
	i := len("{#")
	for i < len(s) && isTagChar(s[i]) {
		i++
	}
	return s[len("{#"):i], i > len("{#") && strings.HasPrefix(s[i:], "#}")
}

func isTagChar(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}
