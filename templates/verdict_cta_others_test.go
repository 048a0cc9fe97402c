package templates_test

import (
	"time"

	"harkara/dlt"
)

var ctaOthers = block{
	about:   "numbers, addresses and links into messengers are whitelisted",
	source:  "as for URLs; the types of CTA: https://msg91.com/help/how-to-whitelist-urls-and-callback-numbers-on-dlt",
	lenient: ok,
	rows: []verdict{
		{name: "a number", content: "Call {#cbn#}", ctas: one("number 9800000001"), vars: one("9800000001"), strict: ok},
		{name: "a number with country code", content: "Call {#cbn#}", ctas: one("number 9800000001"),
			vars:   one("+919800000001"),
			strict: ok},
		{name: "a number with a zero", content: "Call {#cbn#}", ctas: one("number 9800000001"), vars: one("09800000001"),
			strict: ok},
		{name: "another number", content: "Call {#cbn#}", ctas: one("number 9800000001"), vars: one("9800000002"),
			strict: notListed},
		{name: "a toll-free number in groups", content: "Call {#cbn#}", ctas: one("number 18000000001"),
			vars: one("1800 000 0001"), strict: ok},
		{name: "Tamil, a number", content: "அழைக்க {#cbn#} -ACMEBK", ctas: one("number 9800000001"),
			vars: one("9800000001"), strict: ok},
		{name: "Bengali, another number", content: "কল করুন {#cbn#} -ACMEBK", ctas: one("number 9800000001"),
			vars:   one("9800000003"),
			strict: notListed},
		{name: "an address", content: "Mail {#email#}", ctas: one("email care@acmebk.example"),
			vars:   one("care@acmebk.example"),
			strict: ok},
		{name: "an address, the domain in capitals", content: "Mail {#email#}", ctas: one("email care@acmebk.example"),
			vars: one("care@ACMEBK.example"), strict: ok},
		{name: "another address of the domain", content: "Mail {#email#}", ctas: one("email care@acmebk.example"),
			vars: one("sales@acmebk.example"), strict: notListed},
		{name: "an address of a longer domain", content: "Mail {#email#}", ctas: one("email care@acmebk.example"),
			vars: one("care@acmebk.example.evil.example"), strict: notListed},
		{name: "a messenger's link", content: "Chat {#urlott#}", ctas: one("ott https://wa.me/919800000001"),
			vars: one("https://wa.me/919800000001"), strict: ok},
		{name: "a messenger's link with a text", content: "Chat {#uro#}", ctas: one("ott https://wa.me/919800000001"),
			vars: one("https://wa.me/919800000001?text=Hi"), strict: ok},
		{name: "a messenger's link to a longer number", content: "Chat {#uro#}",
			ctas: one("ott https://wa.me/919800000001"),
			vars: one("https://wa.me/9198000000012"), strict: notListed},
		{name: "an ordinary link under uro, as portals use it", content: "See {#uro#}", ctas: one(short),
			vars:   one("acmb.example/1"),
			strict: ok},
		{name: "a messenger's link under url, which takes static, dynamic and short ones", content: "Chat {#url#}",
			ctas: one("ott https://wa.me/919800000001"), vars: one("https://wa.me/919800000001"), strict: notListed},
		{name: "a number is no URL", content: "See {#url#}", ctas: one("number 9800000001"), vars: one("acmb.example/1"),
			strict: notListed},
		{name: "a URL's host is no address", content: "Mail {#email#}", ctas: one(static), vars: one("care@acmebk.example"),
			strict: notListed},
	},
}

var ctaStanding = block{
	about:   "what is whitelisted counts while it is active and in force, and for its entity only",
	source:  "codes 700 and 701, 5902 and 5903 (blacklisted, inactive); https://authkey.io/dlt-registration/dlt-error-codes",
	lenient: ok,
	rows: []verdict{
		{name: "inactive", content: "See {#url#}", ctas: one(short), vars: one("acmb.example/1"), strict: notListed,
			register: func(w *world) { w.contents.CTAs[0].Status = dlt.Inactive }},
		{name: "of another entity", content: "See {#url#}", ctas: one(short), vars: one("acmb.example/1"),
			strict:   notListed,
			register: func(w *world) { w.contents.CTAs[0].Entity = other }},
		{name: "not yet", content: "See {#url#}", ctas: one(short), vars: one("acmb.example/1"), strict: notListed,
			register: func(w *world) { w.contents.CTAs[0].From = w.query.At.Add(time.Second) }},
		{name: "from now on", content: "See {#url#}", ctas: one(short), vars: one("acmb.example/1"), strict: ok,
			register: func(w *world) { w.contents.CTAs[0].From = w.query.At }},
		{name: "until now", content: "See {#url#}", ctas: one(short), vars: one("acmb.example/1"), strict: notListed,
			register: func(w *world) { w.contents.CTAs[0].To = w.query.At }},
		{name: "Tamil, for another second", content: "பார்க்க {#url#}", ctas: one(short), vars: one("acmb.example/1"),
			strict:   ok,
			register: func(w *world) { w.contents.CTAs[0].To = w.query.At.Add(time.Second) }},
	},
}
