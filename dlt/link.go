package dlt

import "strings"

// parts of a URL, as written.
type parts struct {
	scheme string // empty, or http or https in some case
	place  string // host, perhaps with a port
	rest   string // path, query and fragment
}

// cutURL takes a URL apart, and says whether it is one: http://host, https://host or a bare host, with a port, path,
// query or fragment after it or not, in printable ASCII. Whether it is whitelisted is another question.
//
// It is stricter than browsers are, so that no two programs see different hosts in it: no user name, no backslash, no
// white space.
func cutURL(s string) (parts, bool) {
	var u parts
	if i := strings.Index(s, "://"); i >= 0 && !strings.ContainsAny(s[:i], "/?#") {
		u.scheme = s[:i]
		if !strings.EqualFold(u.scheme, "http") && !strings.EqualFold(u.scheme, "https") {
			return parts{}, false
		}
		s = s[i+len("://"):]
	}
	u.place = s
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		u.place, u.rest = s[:i], s[i:]
	}
	host := u.place
	if i := strings.IndexByte(host, ':'); i >= 0 {
		if port := host[i+1:]; len(port) > 5 || !allDigits(port) {
			return parts{}, false
		}
		host = host[:i]
	}
	return u, isHost(host) && isRest(u.rest)
}

// isRest says whether s holds nothing that never stands unescaped in a URL (RFC 3986 §2).
func isRest(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ' || c > '~':
			return false
		case c == '"' || c == '<' || c == '>' || c == '\\' || c == '^' || c == '`' || c == '{' || c == '|' || c == '}':
			return false
		}
	}
	return true
}

// isHost says whether s is a domain name of two labels or more, the last of them no number (RFC 1123 §2.1).
func isHost(s string) bool {
	if len(s) > 253 {
		return false
	}
	labels := 0
	for {
		label, rest, more := strings.Cut(s, ".")
		if !isLabel(label) {
			return false
		}
		labels++
		if !more {
			return labels >= 2 && len(label) >= 2 && !allDigits(label)
		}
		s = rest
	}
}

func isLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isTagChar(c) && c != '-' || c == '_' {
			return false
		}
	}
	return true
}

// isEmail says whether s is local@domain, the local part a dot-atom (RFC 5322 §3.2.3) of up to 64 characters.
func isEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(local) > 64 || local[0] == '.' || local[len(local)-1] == '.' || !isHost(domain) {
		return false
	}
	return !strings.Contains(local, "..") && !strings.ContainsAny(local, "\"(),:;<>[\\]")
}

// isCallBackNumber says whether s has 8 to 12 digits (mobile with or without 91, landline, toll-free 1800 and 1860,
// 140 and 160 series), a plus sign only before them, and at most one space or hyphen between two.
func isCallBackNumber(s string) bool {
	s = strings.TrimPrefix(s, "+")
	digits, gap := 0, true // gap: a digit must follow
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			digits, gap = digits+1, false
		case c == '+' || gap:
			return false
		default:
			gap = true
		}
	}
	return !gap && digits >= 8 && digits <= 12
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
