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
// tags are that many variables.
//
// A tag is {#name#} in any case; one whose name is not known is a variable of type Unknown. Without its braces, #name#
// (as TRAI's direction and some portals write it) is a tag only where the name is known: any other # is text, as in
// "Order #12" or in a WebOTP line. tags are names beyond the built-in ones, in lower case; nil for none.
//
// The error names the position, in characters from 1, of a tag that is not closed or has no proper name, or says that
// the text is empty, too long or not UTF-8.
func ParseContent(content string, tags map[string]VarType) ([]Token, error) {
	switch n := utf8.RuneCountInString(content); {
	case content == "":
		return nil, fmt.Errorf("the template has no text")
	case !utf8.ValidString(content):
		return nil, fmt.Errorf("the template's text is not UTF-8: export it as \"CSV UTF-8\"")
	case n > MaxContent:
		return nil, fmt.Errorf("the template's text has %d characters; %d may be registered", n, MaxContent)
	}
	var tokens []Token
	literal, i := 0, 0 // where the literal began; where the search goes on
	for {
		hash := strings.IndexByte(content[i:], '#')
		if hash < 0 {
			break
		}
		start, token, next := nextTag(content, i+hash, tags)
		if next < 0 {
			at := utf8.RuneCountInString(content[:start]) + 1
			return nil, fmt.Errorf("the tag at character %d is not written as {#name#}, such as {#var#} or {#num#}", at)
		}
		if i = next; token.Tag == "" {
			continue
		}
		if start > literal {
			tokens = append(tokens, Token{Literal: content[literal:start]})
		}
		tokens, literal = append(tokens, token), next
	}
	if literal < len(content) {
		tokens = append(tokens, Token{Literal: content[literal:]})
	}
	return tokens, nil
}

// nextTag reads the tag that the # at hash belongs to: where it begins, its token, which is empty where the # is text,
// and where the search goes on, which is -1 where the tag is malformed. Of the name it reads nothing twice: the # that
// ends what was no tag may begin one, the characters before it may not.
func nextTag(content string, hash int, tags map[string]VarType) (start int, token Token, next int) {
	end := hash + 1
	for end < len(content) && isTagChar(content[end]) {
		end++
	}
	name, rest := content[hash+1:end], content[end:]
	if hash > 0 && content[hash-1] == '{' {
		start = hash - 1
		if name == "" || !strings.HasPrefix(rest, "#}") {
			return start, Token{}, -1
		}
		next = end + len("#}")
		typ, _ := typeOfTag(name, tags)
		return start, Token{Var: typ, Tag: content[start:next]}, next
	}
	if typ, known := typeOfTag(name, tags); known && strings.HasPrefix(rest, "#") {
		return hash, Token{Var: typ, Tag: content[hash : end+1]}, end + 1
	}
	return hash, Token{}, end
}

func isTagChar(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}
