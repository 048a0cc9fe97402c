package templates_test

import (
	"strings"

	"harkara/dlt"
)

// x is a value of n letters, digits one of n digits.
func x(n int) string      { return strings.Repeat("x", n) }
func digits(n int) string { return strings.Repeat("7", n) }

// link and mail are a URL and an address of n characters.
func link(n int) string { return "https://acmebk.example/" + x(n-len("https://acmebk.example/")) }
func mail(n int) string { return x(n-len("@acmebk.example")) + "@acmebk.example" }

const tooLong1 = "variable_too_long 1"

func anyURL(r *dlt.Rules) { r.CTA = false } // whitelisting is another block's

var countRows = block{
	about:   "as many variables as the template has",
	source:  "code 633 TEMPLATE_NOT_MATCHED, Exotel, https://support.exotel.com/support/solutions/articles/3000120944",
	lenient: "-",
	rows: []verdict{
		{name: "none for none", content: "We are closed today. -ACMEBK", vars: []string{}, strict: ok, lenient: ok},
		{name: "one for none", content: "We are closed today. -ACMEBK", vars: []string{"x"},
			strict: "wrong_variable_count"},
		{name: "none for two", vars: []string{}, strict: "wrong_variable_count"},
		{name: "one for two", vars: []string{"483921"}, strict: "wrong_variable_count"},
		{name: "two for two", vars: otpVars, strict: ok, lenient: ok},
		{name: "three for two", vars: []string{"483921", "10", "10"}, strict: "wrong_variable_count"},
		{name: "one for two adjacent ones", content: "{#var#}{#var#}", vars: []string{"x"}, strict: "wrong_variable_count"},
		{name: "types beside the text are no variables", content: "No. {#var#}", types: []dlt.VarType{dlt.Numeric, dlt.URL},
			vars: []string{"7"}, strict: ok, lenient: ok},
		{name: "Hindi, one for two", content: otpHI, vars: []string{"483921"}, strict: "wrong_variable_count"},
		{name: "Tamil, three for two", content: otpTA, vars: []string{"483921", "10", "10"},
			strict: "wrong_variable_count"},
		{name: "Bengali, none for two", content: otpBN, vars: []string{}, strict: "wrong_variable_count"},
	},
}

var lengthRows = block{
	about: "the longest values",
	source: "Textlocal: 30 characters of an untyped variable; MSG91, " +
		"https://msg91.com/help/dlt-registration-in-india/variable-tagging-on-dlt-sms-templates: 40 of a typed one; Jio's guide: " +
		"1-30 digits, 1-40 alphanumeric; an importer of SmartPing dumps: 30; receive-sms-live: 40, and 120 of a URL",
	rows: []verdict{
		{name: "untyped, 30", content: "Hi {#var#} -ACMEBK", vars: []string{x(30)}, strict: ok, lenient: ok},
		{name: "untyped, 31", content: "Hi {#var#} -ACMEBK", vars: []string{x(31)}, strict: tooLong1, lenient: differs},
		{name: "untyped, 31 with a space", content: "Hi {#var#} -ACMEBK", vars: []string{x(15) + " " + x(15)},
			strict:  tooLong1,
			lenient: ok}, // that exempted characters do not count is unknown; a lenient operator may take it so
		{name: "untyped, 30 in a text", content: "Hi {#var#} -ACMEBK", text: "Hi " + x(30) + " -ACMEBK",
			vars:   []string{x(30)},
			strict: ok, lenient: ok},
		{name: "untyped, 31 in a text", content: "Hi {#var#} -ACMEBK", text: "Hi " + x(30) + "‸x -ACMEBK", strict: differs,
			lenient: differs2},
		{name: "Hindi, untyped, 31 in a text", content: "नमस्ते {#var#} -ACMEBK", strict: differs, lenient: differs2,
			text: "नमस्ते " + strings.Repeat("नमस्ते", 5) + "‸अ -ACMEBK"},
		{name: "untyped, 1", content: "Hi {#var#} -ACMEBK", vars: []string{"x"}, strict: ok, lenient: ok},
		{name: "untyped, Jio, 30", operator: dlt.Jio, content: "Hi {#var#}", vars: []string{x(30)}, strict: ok,
			lenient: ok},
		{name: "untyped, Airtel, 31", operator: dlt.Airtel, content: "Hi {#var#}", vars: []string{x(31)}, strict: tooLong1,
			lenient: differs},
		{name: "Hindi, untyped, 30 characters of 90 octets", content: "नमस्ते {#var#} -ACMEBK",
			vars: []string{strings.Repeat("नमस्ते", 5)}, strict: ok, lenient: ok},
		{name: "Hindi, untyped, 31", content: "नमस्ते {#var#} -ACMEBK", vars: []string{strings.Repeat("नमस्ते", 5) + "अ"},
			strict: tooLong1, lenient: differs},
		{name: "Tamil, untyped, 30", content: "வணக்கம் {#var#} -ACMEBK", vars: []string{strings.Repeat("தமிழ்", 6)},
			strict:  ok,
			lenient: ok},
		{name: "Tamil, untyped, 31", content: "வணக்கம் {#var#} -ACMEBK", vars: []string{strings.Repeat("தமிழ்", 6) + "அ"},
			strict: tooLong1, lenient: differs},
		{name: "Bengali, untyped, 30", content: "প্রিয় {#var#} -ACMEBK", vars: []string{strings.Repeat("বাংলা", 6)},
			strict:  ok,
			lenient: ok},
		{name: "Bengali, untyped, 31", content: "প্রিয় {#var#} -ACMEBK", vars: []string{strings.Repeat("বাংলা", 6) + "অ"},
			strict: tooLong1, lenient: differs},
		{name: "numeric, 40", content: "No. {#num#}", vars: []string{digits(40)}, strict: ok, lenient: ok, warns: tooLong1},
		{name: "numeric, 41", content: "No. {#num#}", vars: []string{digits(41)}, strict: tooLong1, lenient: differs},
		{name: "numeric, Jio, 30", operator: dlt.Jio, content: "No. {#num#}", vars: []string{digits(30)}, strict: ok,
			lenient: ok},
		{name: "numeric, Jio, 31", operator: dlt.Jio, content: "No. {#num#}", vars: []string{digits(31)}, strict: tooLong1,
			lenient: differs},
		{name: "numeric, Vi, 40", operator: dlt.Vi, content: "No. {#num#}", vars: []string{digits(40)}, strict: ok,
			lenient: ok, warns: tooLong1},
		{name: "numeric, SmartPing, 31", operator: dlt.SmartPing, content: "No. {#num#}", vars: []string{digits(31)},
			strict: tooLong1, lenient: differs},
		{name: "alphanumeric, 40", content: "Hi {#alp#}", vars: []string{x(40)}, strict: ok, lenient: ok, warns: tooLong1},
		{name: "alphanumeric, 41", content: "Hi {#alp#}", vars: []string{x(41)}, strict: tooLong1, lenient: differs},
		{name: "alphanumeric, Jio, 40", operator: dlt.Jio, content: "Hi {#alp#}", vars: []string{x(40)}, strict: ok,
			lenient: ok, warns: tooLong1},
		{name: "alphanumeric, SmartPing, 30", operator: dlt.SmartPing, content: "Hi {#alp#}", vars: []string{x(30)},
			strict:  ok,
			lenient: ok},
		{name: "alphanumeric, SmartPing, 31", operator: dlt.SmartPing, content: "Hi {#alp#}", vars: []string{x(31)},
			strict: tooLong1, lenient: differs},
		{name: "Hindi, alphanumeric, 40", content: "नमस्ते {#alp#}", vars: []string{strings.Repeat("भारत", 10)}, strict: ok,
			lenient: ok, warns: tooLong1},
		{name: "Tamil, alphanumeric, SmartPing, 31", operator: dlt.SmartPing, content: "வணக்கம் {#alp#}",
			vars: []string{strings.Repeat("தமிழ்", 6) + "அ"}, strict: tooLong1, lenient: differs},
		{name: "Bengali, alphanumeric, 41", content: "প্রিয় {#alp#}", vars: []string{strings.Repeat("বাংলা", 8) + "অ"},
			strict: tooLong1, lenient: differs},
		{name: "URL, 120", content: "See {#url#}", rules: anyURL, vars: []string{link(120)}, strict: ok, lenient: ok,
			warns: notListed},
		{name: "URL, 121", content: "See {#url#}", rules: anyURL, vars: []string{link(121)}, strict: tooLong1, lenient: ok},
		{name: "e-mail, 40", content: "Mail {#email#}", rules: anyURL, vars: []string{mail(40)}, strict: ok, lenient: ok,
			warns: tooLong1 + ", " + notListed},
		{name: "e-mail, 41", content: "Mail {#email#}", rules: anyURL, vars: []string{mail(41)}, strict: tooLong1,
			lenient: ok},
		{name: "a tag of unknown meaning is as an untyped one, 31", content: "Born {#dob#}", vars: []string{x(31)},
			strict: tooLong1, lenient: differs},
		{name: "the second of two", vars: []string{"483921", digits(41)}, strict: "variable_too_long 2", lenient: differs},
	},
}

var lengthSettings = block{
	about: "the longest values as settings",
	source: "MSG91 since 2026: 40 characters of an untyped variable, " +
		"https://msg91.com/help/dlt-registration-in-india/error-description-sms-not-matched-with-dlt-template; a FAQ of 2021: 20",
	rows: []verdict{
		{name: "untyped 40, 40", content: "Hi {#var#}", rules: untyped(40), vars: []string{x(40)}, strict: ok, lenient: ok,
			warns: tooLong1},
		{name: "untyped 40, 41", content: "Hi {#var#}", rules: untyped(40), vars: []string{x(41)}, strict: tooLong1,
			lenient: differs},
		{name: "untyped 20, 20", content: "Hi {#var#}", rules: untyped(20), vars: []string{x(20)}, strict: ok, lenient: ok},
		{name: "untyped 20, 21", content: "Hi {#var#}", rules: untyped(20), vars: []string{x(21)}, strict: tooLong1,
			lenient: differs},
	},
}

func untyped(n int) func(*dlt.Rules) { return func(r *dlt.Rules) { r.Untyped = n } }
