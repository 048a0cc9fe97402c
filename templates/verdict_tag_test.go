package templates_test

import (
	"strings"

	"harkara/dlt"
)

var tagRows = block{
	about: "tags in all their spellings",
	source: "TRAI's direction of 18 November 2025 (numeric, number, alphanumeric, url, urlott, cbn, email); Jio's guide (number); " +
		"exports of Airtel, Vilpower, Jio and SmartPing since mid-2026 (num, alp, urg, uro); {#var#} of the older rules",
	rows: []verdict{
		{name: "numeric", content: "No. {#numeric#}", vars: one("abc"), strict: wrongType1, lenient: differs},
		{name: "number", content: "No. {#number#}", vars: one("abc"), strict: wrongType1, lenient: differs},
		{name: "num", content: "No. {#num#}", vars: one("abc"), strict: wrongType1, lenient: differs},
		{name: "NUMERIC", content: "No. {#NUMERIC#}", vars: one("abc"), strict: wrongType1, lenient: differs},
		{name: "var takes what numeric does not", content: "No. {#var#}", vars: one("abc"), strict: ok, lenient: ok},
		{name: "alphanumeric", content: "Hi {#alphanumeric#}", vars: one("a🙂"), strict: wrongType1, lenient: differs},
		{name: "alp", content: "Hi {#alp#}", vars: one("a🙂"), strict: wrongType1, lenient: differs},
		{name: "AlphaNumeric", content: "Hi {#AlphaNumeric#}", vars: one("Asha 7"), strict: ok, lenient: ok},
		{name: "url", content: "See {#url#}", vars: one("acmb.example/1"), strict: notListed, lenient: ok},
		{name: "urg", content: "See {#urg#}", vars: one("acmb.example/1"), strict: notListed, lenient: ok},
		{name: "urlott", content: "Chat {#urlott#}", vars: one("acmb.example/1"), strict: notListed, lenient: ok},
		{name: "uro", content: "Chat {#uro#}", vars: one("acmb.example/1"), strict: notListed, lenient: ok},
		{name: "cbn", content: "Call {#cbn#}", vars: one("9800000001"), strict: notListed, lenient: ok},
		{name: "email", content: "Mail {#email#}", vars: one("care@acmebk.example"), strict: notListed, lenient: ok},
		{name: "an unknown tag takes what an untyped one does", content: "Born {#dob#}", vars: one("27.9.1990 🙂"),
			strict:  ok,
			lenient: ok},
		{name: "#numeric#, without braces", content: "No. #numeric#", vars: one("abc"), strict: wrongType1,
			lenient: differs},
		{name: "#number#, without braces", content: "No. #number#.", text: "No. 7.", vars: one("7"), strict: ok,
			lenient: ok},
		{name: "#alphanumeric#, without braces", content: "Hi #alphanumeric#", vars: one("a🙂"), strict: wrongType1,
			lenient: differs},
		{name: "#url#, without braces", content: "See #url#", vars: one("acmb.example/1"), strict: notListed, lenient: ok},
		{name: "a name that is no tag, between hash signs", content: "Say #hello# to Acme", vars: []string{}, strict: ok,
			lenient: ok},
		{name: "a hash sign is text", content: "Order #{#num#} of #1 -ACMEBK", text: "Order #7 of #1 -ACMEBK",
			vars:   one("7"),
			strict: ok, lenient: ok},
		{name: "WebOTP's last line is text", content: "{#num#} is your OTP.\n@acmebk.example #{#num#}",
			vars: []string{"483921", "483921"},
			text: "483921 is your OTP.\n@acmebk.example #483921", strict: ok, lenient: ok},
		{name: "Hindi, num", content: otpHI, vars: []string{"abc", "10"}, strict: wrongType1, lenient: differs},
		{name: "Hindi, numeric", content: "OTP {#numeric#} है। -ACMEBK", vars: one("483921"), strict: ok, lenient: ok},
		{name: "Tamil, number", content: "OTP {#number#} இது. -ACMEBK", vars: one("abc"), strict: wrongType1,
			lenient: differs},
		{name: "Bengali, alp and urg", content: "প্রিয় {#alp#}, {#urg#} -ACMEBK", ctas: one(short), strict: ok,
			lenient: ok,
			vars:    []string{"রাম", "acmb.example/1"}},
	},
}

var besideRows = block{
	about: "types in a column beside a text of {#var#}",
	source: "SmartPing and Tata, early 2026: the text keeps {#var#}, the tags are in a section of their own; " +
		"MSG91, https://msg91.com/help/dlt-registration-in-india/variable-tagging-on-dlt-sms-templates",
	rows: []verdict{
		{name: "numeric", content: "No. {#var#}", types: []dlt.VarType{dlt.Numeric}, vars: one("7"), strict: ok,
			lenient: ok},
		{name: "numeric, a letter", content: "No. {#var#}", types: []dlt.VarType{dlt.Numeric}, vars: one("A"),
			strict:  wrongType1,
			lenient: differs},
		{name: "the length is the type's", content: "Hi {#var#}", types: []dlt.VarType{dlt.Alphanumeric}, vars: one(x(40)),
			strict:  ok,
			lenient: ok, warns: tooLong1},
		{name: "the second only", content: "Hi {#var#}, no. {#var#}", types: []dlt.VarType{dlt.Untyped, dlt.Numeric},
			vars: []string{"!", "A"}, strict: "variable_wrong_type 2", lenient: differs},
		{name: "a typed tag keeps its own", content: "No. {#num#}", types: []dlt.VarType{dlt.Untyped}, vars: one("A"),
			strict: wrongType1, lenient: differs},
		{name: "a type that contradicts the tag does not count", content: "Hi {#alp#}", types: []dlt.VarType{dlt.Numeric},
			vars: one("Asha"), strict: ok, lenient: ok},
		{name: "Hindi, URL", content: "देखें {#var#} -ACMEBK", types: []dlt.VarType{dlt.URL}, ctas: one(short),
			vars: one("evil.example/1"), strict: notListed, lenient: ok},
		{name: "Tamil, numeric, a letter in a text", content: "எண் {#var#} -ACMEBK", types: []dlt.VarType{dlt.Numeric},
			text: "எண் ‸A -ACMEBK", strict: differs, lenient: differs2},
		{name: "Bengali, the first only", content: "নং {#var#}, {#var#} -ACMEBK", types: []dlt.VarType{dlt.Numeric},
			vars: []string{"7", "রাম"}, strict: ok, lenient: ok},
	},
}

func newline(form dlt.Newline) func(*dlt.Rules) { return func(r *dlt.Rules) { r.Newline = form } }

var newlineRows = block{
	about: "line breaks in the form that the SMSC wants; a text's own form does not matter",
	source: "Airtel stores CRLF; exports have <br/>; whether LF matches is not published, so that the form is a setting; " +
		"the number of lines is the text's (Textlocal)",
	lenient: ok,
	rows: []verdict{
		{name: "as stored, CRLF", content: "No. {#num#}\r\nBye", vars: one("7"), strict: ok, renders: "No. 7\r\nBye"},
		{name: "as stored, LF", content: "No. {#num#}\nBye", vars: one("7"), strict: ok, renders: "No. 7\nBye"},
		{name: "CRLF to LF", content: "No. {#num#}\r\nBye\r\n", rules: newline(dlt.LF), vars: one("7"), strict: ok,
			renders: "No. 7\nBye\n"},
		{name: "LF to CRLF", content: "No. {#num#}\n\nBye", rules: newline(dlt.CRLF), vars: one("7"), strict: ok,
			renders: "No. 7\r\n\r\nBye"},
		{name: "CRLF to CRLF", content: "No. {#num#}\r\nBye", rules: newline(dlt.CRLF), vars: one("7"), strict: ok,
			renders: "No. 7\r\nBye"},
		{name: "Hindi, LF to CRLF", content: otpHI, rules: newline(dlt.CRLF), vars: otpVars, strict: ok,
			renders: "आपका एक्मे बैंक का OTP 483921 है। यह 10 मिनट तक मान्य है।\r\nकिसी को न बताएं। -ACMEBK"},
		{name: "Tamil, a text in CRLF", content: otpTA, vars: otpVars, strict: ok,
			text: "உங்கள் ஆக்மி வங்கி OTP 483921. இது 10 நிமிடங்கள் செல்லும்.\r\nயாரிடமும் பகிர வேண்டாம். -ACMEBK"},
		{name: "a text in LF", content: "No. {#num#}\r\nBye", text: "No. 7\nBye", vars: one("7"), strict: ok},
		{name: "a text in CR", content: "No. {#num#}\r\nBye", text: "No. 7\rBye", vars: one("7"), strict: ok},
		{name: "a text in CRLF, and a difference after it", content: "No. {#num#}\nBye", text: "No. 7\r\nB‸ie",
			strict:  differs,
			lenient: differs2},
		{name: "one line break of two", content: "No. {#num#}\r\n\r\nBye", text: "No. 7\r\n‸Bye", strict: differs},
		{name: "Bengali, one line break more", content: "নং {#num#}\nধন্যবাদ", text: "নং 7\r\n‸\r\nধন্যবাদ",
			strict: differs},
	},
}

var sizeRows = block{
	about: "alphabet and short messages",
	source: "3GPP TS 23.038 §6.1.2 and 23.040 §9.2.3.24.8: 160 septets or 70 characters in one, 152 or 66 in each of several that " +
		"are joined by a reference of 16 bits; " +
		"portals know TEXT and UNICODE, https://liveair.in/p/content-template-registration.html",
	lenient: ok,
	rows: []verdict{
		{name: "160 septets", content: x(150) + "{#num#}", vars: one(digits(10)), strict: ok, size: "gsm7 1"},
		{name: "161 septets", content: x(150) + "{#num#}", vars: one(digits(11)), strict: ok, size: "gsm7 2"},
		{name: "304 septets", content: x(300) + "{#num#}", vars: one(digits(4)), strict: ok, size: "gsm7 2"},
		{name: "305 septets", content: x(300) + "{#num#}", vars: one(digits(5)), strict: ok, size: "gsm7 3"},
		{name: "a bracket counts twice", content: x(159) + "{#var#}", vars: one("["), strict: ok, size: "gsm7 2"},
		{name: "a rupee sign in a variable makes all of it Unicode", content: x(60) + "{#var#}", vars: one("₹500"),
			strict: ok,
			size:   "ucs2 1"},
		{name: "the same is long then", content: x(67) + "{#var#}", vars: one("₹500"), strict: ok, size: "ucs2 2"},
		{name: "a smart quote in the template", content: "Don\u2019t share {#num#}", vars: one("483921"), strict: ok,
			size: "ucs2 1"},
		{name: "an emoji counts twice", content: x(69) + "{#var#}", vars: one("🙂"), strict: ok, size: "ucs2 2"},
		{name: "CRLF takes one more than LF", content: x(159) + "\n", rules: newline(dlt.CRLF), vars: []string{},
			strict: ok,
			size:   "gsm7 2"},
		{name: "LF of the same", content: x(159) + "\r\n", rules: newline(dlt.LF), vars: []string{}, strict: ok,
			size: "gsm7 1"},
		{name: "Hindi, 70 characters", content: strings.Repeat("अ", 64) + "{#num#}", vars: one("483921"), strict: ok,
			size: "ucs2 1"},
		{name: "Hindi, 71 characters", content: strings.Repeat("अ", 65) + "{#num#}", vars: one("483921"), strict: ok,
			size: "ucs2 2"},
		{name: "Tamil, 132 characters", content: strings.Repeat("அ", 126) + "{#num#}", vars: one("483921"), strict: ok,
			size: "ucs2 2"},
		{name: "Bengali, 133 characters", content: strings.Repeat("অ", 127) + "{#num#}", vars: one("483921"), strict: ok,
			size: "ucs2 3"},
		{name: "Hindi OTP", content: otpHI, vars: otpVars, strict: ok, size: "ucs2 2"},
		{name: "Tamil OTP", content: otpTA, vars: otpVars, strict: ok, size: "ucs2 2"},
		{name: "Bengali OTP", content: otpBN, vars: otpVars, strict: ok, size: "ucs2 2"},
	},
}
