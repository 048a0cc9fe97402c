package dlt

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"
)

// CTAs is what one entity has whitelisted. It never changes; nil allows nothing.
type CTAs struct {
	rows []CTA // in the order of types, then values
	// whitelist is by the text that a value is looked up by: a URL without its scheme and with its host in lower case,
	// the digits of a number, an address with its domain in lower case.
	whitelist map[string][]listed
}

type listed struct {
	row    *CTA
	scheme string // of a URL that was registered with one
}

// with returns the whitelist with these rows in place of those of the same type and value.
func (c *CTAs) with(rows []CTA) *CTAs {
	byKey := func(a, b CTA) int { return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Value, b.Value)) }
	var all []CTA
	if c != nil {
		all = append(all, c.rows...)
	}
	all = append(all, rows...)
	slices.SortStableFunc(all, byKey)
	n := &CTAs{whitelist: make(map[string][]listed, len(all))}
	for i, row := range all {
		if i+1 == len(all) || byKey(row, all[i+1]) != 0 { // of equal ones the last
			n.rows = append(n.rows, row)
		}
	}
	for i := range n.rows {
		n.list(&n.rows[i])
	}
	return n
}

// list enters a row under the text that values are looked up by. A row that is not of its type's form allows nothing.
func (c *CTAs) list(row *CTA) {
	var key []byte
	var scheme string
	switch row.Type {
	case CTANumber:
		key = national(key, row.Value)
	case CTAEmail:
		key = address(key, row.Value)
	default:
		u, ok := cutURL(row.Value)
		if !ok {
			return
		}
		key, scheme = u.appendTo(key), u.scheme
	}
	c.whitelist[string(key)] = append(c.whitelist[string(key)], listed{row, scheme})
}

// Allows says whether a value of the type may stand in a message at that time; the type is one of those that are
// whitelisted: URL, URLOTT, CBN, Email. It does not allocate for values of usual length.
//
// A URL variable takes what TRAI's direction of 18 November 2025 names (static, dynamic, short) and APK links, which are
// URLs without a tag of their own. A urlott variable takes all of these and OTT links, since portals export its tag for
// ordinary links too.
func (c *CTAs) Allows(t VarType, value string, at time.Time) bool {
	if c == nil {
		return false
	}
	var room [256]byte
	switch t {
	case URL, URLOTT:
		return c.allowsURL(room[:0], t, value, at)
	case CBN:
		return isCallBackNumber(value) && c.has(CTANumber, national(room[:0], value), at)
	case Email:
		return isEmail(value) && c.has(CTAEmail, address(room[:0], value), at)
	}
	return false
}

func (c *CTAs) has(t CTAType, key []byte, at time.Time) bool {
	for _, l := range c.whitelist[string(key)] {
		if l.row.Type == t && l.row.InForce(at) {
			return true
		}
	}
	return false
}

// allowsURL looks up each beginning of the URL that ends where a registered one may end, from its host on, so that a
// look-up costs the same however many there are. The host is compared whole: neither acme.in.example.com nor
// b.acme.in begins with acme.in. A port belongs to it.
func (c *CTAs) allowsURL(room []byte, t VarType, value string, at time.Time) bool {
	u, ok := cutURL(value)
	if !ok {
		return false
	}
	key := u.appendTo(room)
	climbing := climbs(u.rest)
	for end := len(u.place); end <= len(key); end++ {
		if end < len(key) && strings.IndexByte("/?#&", key[end]) < 0 && strings.IndexByte("/?&=", key[end-1]) < 0 {
			continue
		}
		for _, l := range c.whitelist[string(key[:end])] {
			if l.takes(key, end) && (!climbing || end == len(key)) && (t == URLOTT || l.row.Type != CTAOTT) &&
				(l.scheme == "" || strings.EqualFold(l.scheme, u.scheme)) && l.row.InForce(at) {
				return true
			}
		}
	}
	return false
}

// takes says whether a URL whose first end bytes are registered may go on as it does.
//
// A dynamic one is registered up to and with its "?", and only what follows may vary (MSG91); so the same URL without
// any query is another one, which has to be registered as static. Short ones and OTT links may go on where a part of
// the path ends, OTT links also where a parameter does.
func (l *listed) takes(key []byte, end int) bool {
	if end == len(key) {
		return l.row.Type != CTANumber && l.row.Type != CTAEmail
	}
	last, next := key[end-1], key[end]
	switch l.row.Type {
	case CTADynamic:
		return last == '?'
	case CTAShort:
		return last == '/' || next == '/' || next == '?' || next == '#'
	case CTAOTT:
		if bytes.IndexByte(key[:end], '?') >= 0 {
			return last == '?' || last == '&' || last == '=' || next == '&' || next == '#'
		}
		return last == '/' || next == '/' || next == '?' || next == '#'
	}
	return false
}
