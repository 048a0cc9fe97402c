package templates_test

import (
	"time"

	"harkara/dlt"
)

const outside, notAllowed = "outside_hours", "category_not_allowed"

// of makes the template one of the category; with digits also its header one of six digits.
func of(cat dlt.Category) func(*world) {
	return func(w *world) { w.contents.Templates[0].Category = cat }
}

func sixDigits(cat dlt.Category) func(*world) {
	return func(w *world) {
		of(cat)(w)
		w.contents.Headers[0].Header, w.contents.Links[0].Header = "612345", "612345"
		w.query.Header, w.query.Allowed = "612345", []dlt.Header{"612345"}
	}
}

// hours are those of a promotional message on the SMSC.
func hours(from, until time.Duration) func(*dlt.Rules) {
	return func(r *dlt.Rules) { r.PromoFrom, r.PromoUntil = from*time.Hour, until*time.Hour }
}

var hourRows = block{
	about: "promotional messages go out from 10:00 to 21:00 IST, all others at any time",
	source: "code 651 Block promo hours (9PM to 10AM); https://messaging.digital/help/SMSRestAPI/SMSErrorCodeList lists 9 AM and " +
		"10 AM; Exotel says 9 AM to 9 PM: a setting",
	lenient: ok,
	rows: []verdict{
		{name: "09:59:59", at: "09:59:59", register: of(dlt.Promotional), vars: otpVars, strict: outside},
		{name: "10:00:00", at: "10:00:00", register: of(dlt.Promotional), vars: otpVars, strict: ok},
		{name: "20:59:59", at: "20:59:59", register: of(dlt.Promotional), vars: otpVars, strict: ok},
		{name: "21:00:00", at: "21:00:00", register: of(dlt.Promotional), vars: otpVars, strict: outside},
		{name: "midnight", at: "00:00:00", register: of(dlt.Promotional), vars: otpVars, strict: outside},
		{name: "04:29:59 UTC", at: "2026-11-22 04:29:59 UTC", register: of(dlt.Promotional), vars: otpVars,
			strict: outside},
		{name: "04:30:00 UTC", at: "2026-11-22 04:30:00 UTC", register: of(dlt.Promotional), vars: otpVars, strict: ok},
		{name: "15:30:00 UTC", at: "2026-11-22 15:30:00 UTC", register: of(dlt.Promotional), vars: otpVars,
			strict: outside},
		{name: "9 to 21, 09:00:00", at: "09:00:00", rules: hours(9, 21), register: of(dlt.Promotional), vars: otpVars,
			strict: ok},
		{name: "9 to 21, 08:59:59", at: "08:59:59", rules: hours(9, 21), register: of(dlt.Promotional), vars: otpVars,
			strict: outside},
		{name: "a nanosecond before 10:00:00", at: "10:00:00", vars: otpVars, strict: outside, register: func(w *world) {
			of(dlt.Promotional)(w)
			w.query.At = w.query.At.Add(-1)
		}},
		{name: "20 to 8, over midnight", at: "00:00:00", rules: hours(20, 8), register: of(dlt.Promotional), vars: otpVars,
			strict: ok},
		{name: "20 to 8, 08:00:00", at: "08:00:00", rules: hours(20, 8), register: of(dlt.Promotional), vars: otpVars,
			strict: outside},
		{name: "Hindi, 09:59:59", content: otpHI, at: "09:59:59", register: of(dlt.Promotional), vars: otpVars,
			strict: outside},
		{name: "Hindi, service, 03:00:00", content: otpHI, at: "03:00:00", vars: otpVars, strict: ok},
		{name: "Tamil, transactional, 23:30:00", content: otpTA, at: "23:30:00", register: of(dlt.Transactional),
			vars:   otpVars,
			strict: ok},
		{name: "Bengali, government, 00:00:00", content: otpBN, at: "00:00:00", register: of(dlt.Government), vars: otpVars,
			strict: ok},
		{name: "service explicit, 22:00:00", at: "22:00:00", register: of(dlt.ServiceExplicit), vars: otpVars, strict: ok},
	},
}

var categoryRows = block{
	about: "six digits are a promotional header; letters carry every category",
	source: "https://w2s.plus/dlt-registration/message-header-definition: promotional headers are of six digits; since May 2025 " +
		"letters may carry promotional messages too, https://kb.smsalert.co.in (suffixes from 6 May 2025)",
	lenient: "-",
	rows: []verdict{
		{name: "six digits, service implicit", register: sixDigits(dlt.ServiceImplicit), vars: otpVars, strict: notAllowed},
		{name: "six digits, transactional", register: sixDigits(dlt.Transactional), vars: otpVars, strict: notAllowed},
		{name: "six digits, service explicit", register: sixDigits(dlt.ServiceExplicit), vars: otpVars, strict: notAllowed},
		{name: "six digits, government", register: sixDigits(dlt.Government), vars: otpVars, strict: notAllowed},
		{name: "six digits, promotional", register: sixDigits(dlt.Promotional), vars: otpVars, strict: ok, lenient: ok},
		{name: "letters, promotional", register: of(dlt.Promotional), vars: otpVars, strict: ok, lenient: ok},
		{name: "letters, transactional", register: of(dlt.Transactional), vars: otpVars, strict: ok, lenient: ok},
		{name: "letters, government", register: of(dlt.Government), vars: otpVars, strict: ok, lenient: ok},
		{name: "Hindi, six digits, service implicit", content: otpHI, register: sixDigits(dlt.ServiceImplicit),
			vars:   otpVars,
			strict: notAllowed},
		{name: "Tamil, six digits, promotional, 21:00:00", content: otpTA, at: "21:00:00",
			register: sixDigits(dlt.Promotional),
			vars:     otpVars, strict: outside, lenient: ok},
		{name: "Bengali, letters, service explicit", content: otpBN, register: of(dlt.ServiceExplicit), vars: otpVars,
			strict:  ok,
			lenient: ok},
	},
}
