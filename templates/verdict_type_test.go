package templates_test

import "harkara/dlt"

const wrongType1 = "variable_wrong_type 1"

// letters is the stricter reading of alphanumeric: MSG91's.
func letters(r *dlt.Rules) { r.Punctuation = false }

var numericRows = block{
	about: "numeric: digits only",
	source: "TRAI's direction of 18 November 2025, F.No. D-2711/(2)/2024-QoS, Annexure I: must be digits only, no alphabets or " +
		"special characters; a value of no character is none of 1-30 (Jio's guide)",
	rows: []verdict{
		{name: "digits", content: "No. {#num#}", vars: []string{"0483921"}, strict: ok, lenient: ok},
		{name: "a letter", content: "No. {#num#}", vars: []string{"48392A"}, strict: wrongType1, lenient: differs},
		{name: "a letter for a zero", content: "No. {#num#}", vars: []string{"1O0"}, strict: wrongType1, lenient: differs},
		{name: "a space", content: "No. {#num#}", vars: []string{"483 921"}, strict: wrongType1, lenient: ok},
		{name: "a hyphen", content: "No. {#num#}", vars: []string{"483-921"}, strict: wrongType1, lenient: ok},
		{name: "a grouped sum", content: "Rs {#num#}", vars: []string{"1,250"}, strict: wrongType1, lenient: ok},
		{name: "a decimal point", content: "Rs {#num#}", vars: []string{"12.50"}, strict: wrongType1, lenient: ok},
		{name: "a sign", content: "Rs {#num#}", vars: []string{"-5"}, strict: wrongType1, lenient: ok},
		{name: "a rupee sign", content: "Pay {#num#}", vars: []string{"₹500"}, strict: wrongType1, lenient: differs},
		{name: "empty", content: "No. {#num#}", vars: []string{""}, strict: wrongType1, lenient: differs},
		{name: "wide digits", content: "No. {#num#}", vars: []string{"４８３"}, strict: wrongType1, lenient: differs},
		{name: "Hindi, digits", content: otpHI, vars: otpVars, strict: ok, lenient: ok},
		{name: "Hindi digits", content: otpHI, vars: []string{"४८३९२१", "10"}, strict: wrongType1, lenient: differs},
		{name: "Hindi digits in the second", content: otpHI, vars: []string{"483921", "१०"},
			strict:  "variable_wrong_type 2",
			lenient: differs},
		{name: "Hindi digits in a text", content: otpHI, strict: differs, lenient: differs2,
			text: "आपका एक्मे बैंक का OTP ‸४८३९२१ है। यह 10 मिनट तक मान्य है।\nकिसी को न बताएं। -ACMEBK"},
		{name: "Tamil digits", content: otpTA, vars: []string{"௪௮௩௯௨௧", "10"}, strict: wrongType1, lenient: differs},
		{name: "Tamil, a word for the number", content: otpTA, vars: []string{"483921", "பத்து"},
			strict: "variable_wrong_type 2", lenient: differs},
		{name: "Bengali digits", content: otpBN, vars: []string{"৪৮৩৯২১", "10"}, strict: wrongType1, lenient: differs},
		{name: "Bengali digits in a text", content: otpBN, strict: differs, lenient: differs2,
			text: "আপনার আকমে ব্যাংকের OTP 483921। এটি ‸১০ মিনিট বৈধ।\nকাউকে জানাবেন না। -ACMEBK"},
		{name: "letters in a text", strict: differs, lenient: differs2,
			text: "‸ABC is your OTP to log in to Acme Bank. Valid for 10 minutes.\nDo not share it. -ACMEBK"},
	},
}

var alphanumericRows = block{
	about: "alphanumeric: letters and digits, punctuation by setting; untyped: any line",
	source: "MSG91: letters and numbers only, no special characters; Jio's guide: spaces too; approved values in use: 27.9.2026, " +
		"11.40am. A warning where punctuation passes",
	rows: []verdict{
		{name: "letters and digits", content: "Hi {#alp#}", vars: []string{"Asha7"}, strict: ok, lenient: ok},
		{name: "digits alone", content: "Hi {#alp#}", vars: []string{"7"}, strict: ok, lenient: ok},
		{name: "spaces", content: "Hi {#alp#}", vars: []string{"Asha Rao"}, rules: letters, strict: ok, lenient: ok},
		{name: "a date", content: "On {#alp#}", vars: []string{"27.9.2026"}, strict: ok, lenient: ok, warns: wrongType1},
		{name: "a date, letters only", content: "On {#alp#}", vars: []string{"27.9.2026"}, rules: letters,
			strict:  wrongType1,
			lenient: ok},
		{name: "a time", content: "At {#alp#}", vars: []string{"11.40am"}, strict: ok, lenient: ok, warns: wrongType1},
		{name: "an address", content: "At {#alp#}", vars: []string{"4, Rose Rd."}, strict: ok, lenient: ok,
			warns: wrongType1},
		{name: "an address, letters only", content: "At {#alp#}", vars: []string{"4, Rose Rd."}, rules: letters,
			strict: wrongType1, lenient: ok},
		{name: "an emoji", content: "Hi {#alp#}", vars: []string{"Asha🙂"}, strict: wrongType1, lenient: differs},
		{name: "a line break", content: "Hi {#alp#}", vars: []string{"Asha\nRao"}, strict: wrongType1, lenient: ok},
		{name: "empty, as a full stop is to a lenient operator", content: "Hi {#alp#}", vars: []string{""},
			strict: wrongType1, lenient: ok},
		{name: "Hindi", content: "नमस्ते {#alp#} -ACMEBK", vars: []string{"राम कुमार"}, rules: letters, strict: ok,
			lenient: ok},
		{name: "Hindi, with joiner and vowel signs", content: "नमस्ते {#alp#} -ACMEBK", vars: []string{"क्\u200dषितिज"},
			rules:  letters,
			strict: ok, lenient: ok},
		{name: "Hindi, with a danda", content: "नमस्ते {#alp#} -ACMEBK", vars: []string{"राम।"}, strict: ok, lenient: ok,
			warns: wrongType1},
		{name: "Tamil", content: "வணக்கம் {#alp#} -ACMEBK", vars: []string{"அருண் 7"}, rules: letters, strict: ok,
			lenient: ok},
		{name: "Tamil, with brackets, letters only", content: "வணக்கம் {#alp#} -ACMEBK", vars: []string{"அருண் (7)"},
			rules: letters, strict: wrongType1, lenient: ok},
		{name: "Bengali", content: "প্রিয় {#alp#} -ACMEBK", vars: []string{"রাম ৭"}, rules: letters, strict: ok,
			lenient: ok},
		{name: "Bengali, with a hyphen, letters only", content: "প্রিয় {#alp#} -ACMEBK", vars: []string{"রাম-৭"},
			rules:  letters,
			strict: wrongType1, lenient: ok},
		{name: "untyped, anything", content: "Hi {#var#}", vars: []string{"Asha (7) 🙂, ₹5!"}, strict: ok, lenient: ok},
		{name: "untyped, a line break", content: "Hi {#var#}", vars: []string{"Asha\nRao"}, strict: wrongType1,
			lenient: ok},
		{name: "untyped, empty", content: "Hi {#var#}", vars: []string{""}, strict: wrongType1, lenient: ok},
		{name: "untyped, not UTF-8", content: "Hi {#var#}", vars: []string{"\xff"}, strict: wrongType1, lenient: differs},
		{name: "Tamil, untyped, a bell", content: "வணக்கம் {#var#}", vars: []string{"a\ab"}, strict: wrongType1,
			lenient: differs},
		{name: "Bengali, untyped, a line separator", content: "প্রিয় {#var#}", vars: []string{"a\u2028b"},
			strict:  wrongType1,
			lenient: ok}, // a line break, which lenient operators pass over
	},
}
