//go:build interop

package interop

import (
	"encoding/json"
)

// acmeEntity is the entity of all templates below, in deploy/samples/register.csv and testdata/register.csv.
const acmeEntity = "1101481029384756102"

// message is what the tenant asks of each SMSC that has a form for it, and what must become of it. Numbers, names and
// codes are made up.
type message struct {
	id, class, template, header string
	vars                        []string

	number     string   // the last six digits; the peers treat some endings badly, and say which
	text       string   // written by hand, so that nothing of ours says what is right
	ttl        int      // seconds; what is left of it is on the wire
	states     []string // of its statuses, sorted
	reason     string   // of the error of the final one
	refused    bool     // by vendorBusy, the first time
	unanswered bool     // and yet in the SMSC's hands
	silent     bool     // no receipt: query_sm has to find out
}

var messages = []*message{
	{
		id: "english", class: "otp", template: "1107161234567890123", vars: []string{"483921", "10"}, header: "ACMEBK",
		number: "300001", ttl: 300, states: []string{"delivered", "submitted"},
		text: "483921 is your OTP to log in to Acme Bank. It is valid for 10 minutes. Do not share it with anyone. -ACMEBK",
	},
	{
		id: "hindi", class: "otp", template: "1107161234567890457", vars: []string{"719304", "5"}, header: "ACMEBK",
		number: "300002", ttl: 300, states: []string{"delivered", "submitted"},
		text: "719304 आपका Acme Bank ओटीपी है। यह 5 मिनट तक मान्य है। इसे किसी को न बताएँ। -ACMEBK",
	},
	{
		// The brackets and the euro sign are of GSM-7's extension table, two septets each: 165 in all. Latin-1 has no euro.
		id: "payment", class: "otp", template: "1107161234567890231", header: "ACMEBK",
		vars:   []string{"550812", "1,499.00", "Caf\u00e9 [M\u00fcller] \u20ac", "7788"},
		number: "300003", ttl: 300, states: []string{"delivered", "submitted"},
		text: "550812 is the OTP for your payment of Rs 1,499.00 to Caf\u00e9 [M\u00fcller] \u20ac from Acme Bank account " +
			"ending 7788. Valid for 5 minutes. Acme Bank never asks for it. -ACMEBK",
	},
	{
		// 159 characters: packed septets leave seven bits over, as many as one more would take.
		id: "cafe", class: "otp", template: "1107161234567890231", header: "ACMEBK",
		vars:   []string{"661204", "899.50", "Caf\u00e9 M\u00fcller Co", "7788"},
		number: "300004", ttl: 300, states: []string{"delivered", "submitted"},
		text: "661204 is the OTP for your payment of Rs 899.50 to Caf\u00e9 M\u00fcller Co from Acme Bank account " +
			"ending 7788. Valid for 5 minutes. Acme Bank never asks for it. -ACMEBK",
	},
	{
		id: "long", class: "txn", template: "1107161234567890781", header: "ACMEIN",
		vars:   []string{"Priya Sharma", "October 2026", "48,210.55", "2,411.00", "18 Nov 2026"},
		number: "300005", ttl: 3600, states: []string{"delivered", "submitted"},
		text: "Dear Priya Sharma, your Acme Bank credit card statement for October 2026 is ready.\n" +
			"Total due: Rs 48,210.55\nMinimum due: Rs 2,411.00\nDue date: 18 Nov 2026\n" +
			"Please pay the total amount by the due date, so that no interest or late fee is charged to your card. You can " +
			"pay by UPI, net banking or standing instruction in the Acme Bank app. Ignore this message if you have paid " +
			"already. -Acme Bank",
	},
	{
		id: "long-hindi", class: "txn", template: "1107161234567890899", header: "ACMEIN",
		vars:   []string{"ग्राहक", "अक्टूबर 2026", "48,210.55", "18 नवंबर"},
		number: "300006", ttl: 3600, states: []string{"delivered", "submitted"},
		text: "प्रिय ग्राहक, आपके Acme Bank क्रेडिट कार्ड का अक्टूबर 2026 का विवरण तैयार है। कुल देय राशि 48,210.55 रुपये है। " +
			"कृपया 18 नवंबर तक भुगतान करें ताकि कोई ब्याज या विलंब शुल्क न लगे। यदि आपने भुगतान कर दिया है तो इस संदेश पर ध्यान न दें। -ACMEIN",
	},
	{
		id: "absent", class: "otp", template: "1107161234567890123", vars: []string{"902114", "10"}, header: "ACMEBK",
		number: "300500", ttl: 300, states: []string{"submitted", "undelivered"}, reason: "absent_subscriber",
		text: "902114 is your OTP to log in to Acme Bank. It is valid for 10 minutes. Do not share it with anyone. -ACMEBK",
	},
	{
		id: "silent", class: "otp", template: "1107161234567890123", vars: []string{"335817", "10"}, header: "ACMEBK",
		number: "300011", ttl: 300, states: []string{"delivered", "submitted"}, silent: true,
		text: "335817 is your OTP to log in to Acme Bank. It is valid for 10 minutes. Do not share it with anyone. -ACMEBK",
	},
	{
		id: "busy", class: "otp", template: "1107161234567890123", vars: []string{"760219", "10"}, header: "ACMEBK",
		number: "300022", ttl: 300, states: []string{"delivered", "submitted"}, refused: true,
		text: "760219 is your OTP to log in to Acme Bank. It is valid for 10 minutes. Do not share it with anyone. -ACMEBK",
	},
	{
		// Its submit_sm is never answered. The receipt has the user_message_reference.
		id: "unanswered", class: "txn", template: "1107161234567890123", vars: []string{"158046", "10"}, header: "ACMEBK",
		number: "300033", ttl: 3600, states: []string{"delivered", "in_doubt", "submitted"}, unanswered: true,
		text: "158046 is your OTP to log in to Acme Bank. It is valid for 10 minutes. Do not share it with anyone. -ACMEBK",
	},
}

// request is one thing that the tenant publishes: a message for one SMSC, or something to be rejected.
type request struct {
	*message
	form
	id   string
	to   string
	raw  string // published as it is, in place of all else
	smsc *smsc  // nil where it must be rejected
	dest string // the number on the wire
}

func (r *request) rejected() bool { return r.smsc == nil }

// rejects are what no SMSC must get.
var rejects = []*request{
	{id: "nine-digits", to: "981234567", message: &message{class: "otp", template: "1107161234567890123",
		vars: []string{"613077", "10"}, states: []string{"rejected"}, reason: "bad_number"}},
	{id: "of-another", to: "+919812300007", message: &message{class: "otp", template: "1207161345678901234",
		vars: []string{"230955", "5"}, states: []string{"rejected"}, reason: "header_not_allowed"}},
	{id: "malformed", raw: `{"id": "malformed", "to": `, message: &message{class: "bulk", states: []string{"rejected"},
		reason: "bad_request"}},
}

// requestsFor is what the tenant publishes while the gateway has these SMSCs. Numbers come in every way that the
// contract allows.
func requestsFor(smscs []*smsc) []*request {
	var list []*request
	for _, s := range smscs {
		for _, m := range messages {
			form, ok := s.forms[m.id]
			if !ok {
				continue
			}
			dest := s.Prefix + m.number
			ways := []string{"+" + dest, dest, "0" + dest[2:], dest[2:]}
			list = append(list, &request{message: m, form: form, id: s.ID + "." + m.id, to: ways[len(list)%len(ways)],
				smsc: s, dest: dest})
		}
	}
	return append(list, rejects...)
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

// secretsOf are the codes and numbers of requests, and the passwords.
func secretsOf(list []*request) []string {
	all := []string{smscPassword, tenantPassword}
	for _, r := range list {
		if r.class == "otp" || r.unanswered {
			all = append(all, r.vars[0])
		}
		if r.dest != "" {
			all = append(all, r.dest[2:])
		}
	}
	return all
}
