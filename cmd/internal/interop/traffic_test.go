//go:build interop

package interop

import (
	"encoding/json"
)

// acmeEntity is the entity of all templates below, in deploy/samples/register.csv.
const acmeEntity = "1101481029384756102"

// request is what the tenant asks and what must become of it. Numbers, names and codes are made up.
type request struct {
	id, class, to, template, header string
	vars                            []string
	raw                             string // published as it is, in place of the above

	dest       string   // the number on the wire
	text       string   // written by hand, so that nothing of ours says what is right
	dataCoding string   // as tshark shows it
	segments   int      // 0 where rejected
	ttl        int      // seconds; what is left of it is on the wire
	states     []string // of its statuses, sorted
	reason     string   // of the last one's error
}

func (r *request) rejected() bool { return r.dest == "" }

var requests = []*request{
	{
		id: "english", class: "otp", to: "+919812300001", template: "1107161234567890123", vars: []string{"483921", "10"},
		header: "ACMEBK", dest: "919812300001", dataCoding: "0x00", segments: 1, ttl: 300,
		text:   "483921 is your OTP to log in to Acme Bank. It is valid for 10 minutes. Do not share it with anyone. -ACMEBK",
		states: []string{"delivered", "submitted"},
	},
	{
		id: "hindi", class: "otp", to: "09812300002", template: "1107161234567890457", vars: []string{"719304", "5"},
		header: "ACMEBK", dest: "919812300002", dataCoding: "0x08", segments: 2, ttl: 300,
		text:   "719304 आपका Acme Bank ओटीपी है। यह 5 मिनट तक मान्य है। इसे किसी को न बताएँ। -ACMEBK",
		states: []string{"delivered", "submitted"},
	},
	{
		// The brackets and the euro sign are of GSM-7's extension table, two septets each: 165 in all.
		id: "payment", class: "otp", to: "9812300003", template: "1107161234567890231", header: "ACMEBK",
		vars: []string{"550812", "1,499.00", "Caf\u00e9 [M\u00fcller] \u20ac", "7788"},
		dest: "919812300003", dataCoding: "0x00", segments: 2, ttl: 300,
		text: "550812 is the OTP for your payment of Rs 1,499.00 to Caf\u00e9 [M\u00fcller] \u20ac from Acme Bank account " +
			"ending 7788. Valid for 5 minutes. Acme Bank never asks for it. -ACMEBK",
		states: []string{"delivered", "submitted"},
	},
	{
		id: "long", class: "txn", to: "919812300004", template: "1107161234567890781", header: "ACMEIN",
		vars: []string{"Priya Sharma", "October 2026", "48,210.55", "2,411.00", "18 Nov 2026"},
		dest: "919812300004", dataCoding: "0x00", segments: 3, ttl: 3600,
		text: "Dear Priya Sharma, your Acme Bank credit card statement for October 2026 is ready.\n" +
			"Total due: Rs 48,210.55\nMinimum due: Rs 2,411.00\nDue date: 18 Nov 2026\n" +
			"Please pay the total amount by the due date, so that no interest or late fee is charged to your card. You can " +
			"pay by UPI, net banking or standing instruction in the Acme Bank app. Ignore this message if you have paid " +
			"already. -Acme Bank",
		states: []string{"delivered", "submitted"},
	},
	{
		// The peers say of numbers that end in 00 that the handset is out of reach.
		id: "absent", class: "otp", to: "+919812300500", template: "1107161234567890123", vars: []string{"902114", "10"},
		header: "ACMEBK", dest: "919812300500", dataCoding: "0x00", segments: 1, ttl: 300,
		text:   "902114 is your OTP to log in to Acme Bank. It is valid for 10 minutes. Do not share it with anyone. -ACMEBK",
		states: []string{"submitted", "undelivered"}, reason: "absent_subscriber",
	},
	{
		id: "nine-digits", class: "otp", to: "981234567", template: "1107161234567890123", vars: []string{"613077", "10"},
		states: []string{"rejected"}, reason: "bad_number",
	},
	{
		id: "of-another", class: "otp", to: "+919812300007", template: "1207161345678901234", vars: []string{"230955", "5"},
		states: []string{"rejected"}, reason: "header_not_allowed",
	},
	{
		id: "malformed", class: "bulk", raw: `{"id": "malformed", "to": `, states: []string{"rejected"}, reason: "bad_request",
	},
}

// body is what is published.
func (r *request) body() string {
	if r.raw != "" {
		return r.raw
	}
	m := map[string]any{"id": r.id, "to": r.to, "template": r.template, "vars": r.vars, "ref": "ref " + r.id}
	if r.header != "" {
		m["header"] = r.header
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings only
	}
	return string(b)
}

// stolen is a good request of tenant zipkart, which acme must not be able to place.
const stolen = `{"id": "stolen", "to": "+919812300009", "template": "1207161345678901234", "vars": ["118840", "5"]}`

// secretsOf are the codes and numbers of requests.
func secretsOf(list []*request) []string {
	var all []string
	for _, r := range list {
		if len(r.vars) > 0 && r.class == "otp" {
			all = append(all, r.vars[0])
		}
		if r.dest != "" {
			all = append(all, r.dest[2:])
		}
	}
	return all
}
