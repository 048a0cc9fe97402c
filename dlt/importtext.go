package dlt

import (
	"slices"
	"strings"
)

// textRule is one declared change that an import makes to a template's text. Nothing else is touched: operators compare
// by the byte, so that spaces at the ends, double spaces, CRLF and curly quotes are kept as found.
type textRule struct {
	name  string
	apply func(raw, text string, tags map[string]VarType) string // raw: the cell; text: what earlier rules made of it
}

var textRules = []textRule{{"br", breakLines}, {"indent", dropIndent}, {"tags", canonicalise}}

// normalise applies the rules to a cell. rule joins by "+" the names of those that changed something.
func normalise(raw string, tags map[string]VarType) (text, rule string) {
	text = raw
	var changed []string
	for _, r := range textRules {
		if next := r.apply(raw, text, tags); next != text {
			text, changed = next, append(changed, r.name)
		}
	}
	return text, strings.Join(changed, "+")
}

// breakLines makes each <br>, <br/> or <br /> one line break, together with a real one behind it: exports with Jio's
// ids write breaks so (AllApprovedContentTemplate.xlsx).
func breakLines(_, text string, _ map[string]VarType) string {
	if !strings.Contains(text, "<") {
		return text
	}
	var b strings.Builder
	for rest := text; ; {
		i := strings.IndexByte(rest, '<')
		if i < 0 {
			b.WriteString(rest)
			return b.String()
		}
		b.WriteString(rest[:i])
		n := breakTag(rest[i:])
		if n == 0 {
			n = 1
			b.WriteByte('<')
		} else {
			b.WriteByte('\n')
		}
		rest = rest[i+n:]
	}
}

// breakTag returns the length of the <br> that s begins with, and of a real line break behind it; 0 where there is none.
func breakTag(s string) int {
	if len(s) < len("<br>") || !strings.EqualFold(s[:3], "<br") {
		return 0
	}
	rest := strings.TrimLeft(s[3:], " ")
	rest = strings.TrimPrefix(rest, "/")
	if rest == "" || rest[0] != '>' {
		return 0
	}
	rest = rest[1:]
	if after, ok := strings.CutPrefix(rest, "\r\n"); ok {
		rest = after
	} else if rest != "" && (rest[0] == '\n' || rest[0] == '\r') {
		rest = rest[1:]
	}
	return len(s) - len(rest)
}

// dropIndent drops the spaces that lines after the first begin with, where the cell has a <br>: the exports that write
// breaks so indent what follows, and the registered text has no such spaces.
func dropIndent(raw, text string, tags map[string]VarType) string {
	if breakLines("", raw, tags) == raw {
		return text
	}
	lines := strings.SplitAfter(text, "\n")
	for i := 1; i < len(lines); i++ {
		lines[i] = strings.TrimLeft(lines[i], " ")
	}
	return strings.Join(lines, "")
}

// canonicalise writes the tags that only an alias or a missing brace makes unreadable elsewhere in TRAI's spelling, so
// that a stored text means the same wherever it is read: #num# becomes {#numeric#}. Others stay as exported.
func canonicalise(_, text string, tags map[string]VarType) string {
	tokens, err := ParseContent(text, tags)
	if err != nil {
		return text // and it is refused for that
	}
	foreign := func(t Token) bool {
		builtIn, _ := typeOfTag(strings.Trim(t.Tag, "{#}"), nil)
		return t.Tag != "" && canonicalTags[t.Var] != "" && (t.Tag[0] == '#' || builtIn != t.Var)
	}
	if !slices.ContainsFunc(tokens, foreign) {
		return text
	}
	var b strings.Builder
	for _, t := range tokens {
		if foreign(t) {
			b.WriteString(canonicalTags[t.Var])
		} else {
			b.WriteString(t.Literal + t.Tag)
		}
	}
	return b.String()
}
