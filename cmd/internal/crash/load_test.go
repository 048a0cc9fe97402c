package crash

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"harkara/smpp/sms"
)

// request is one request with what its tenant knows of it.
type request struct {
	name
	round    int
	number   string // digits; no other request has it
	class    sms.Class
	ttl      time.Duration // 0: the class's own
	segments int
	bad      bool // names a template that there is not
	careless bool // is published once, whatever comes of it
	copied   bool // is published once more as if it were another
	body     []byte

	first, acked time.Time // when it was published first, and when JetStream's acknowledgement came; zero: never
}

// kind is one of the sample register's templates as a tenant uses it. Names and codes are made up.
type kind struct {
	tenant           sms.TenantID
	template, header string
	segments         int
	vars             func(*rand.Rand) []string
}

func code(r *rand.Rand) string { return fmt.Sprintf("%06d", r.IntN(1_000_000)) }

var kinds = []kind{
	{"acme", "1107161234567890123", "ACMEBK", 1, func(r *rand.Rand) []string { return []string{code(r), "10"} }},
	{"zipkart", "1207161345678901234", "ZIPKRT", 1, func(r *rand.Rand) []string { return []string{code(r), "5"} }},
	{"acme", "1107161234567890781", "ACMEIN", 3, func(r *rand.Rand) []string {
		return []string{"Asha", "November", fmt.Sprint(r.IntN(90_000)), "500", "5 December"}
	}},
}

// load makes the requests of a round, the same ones for the same seed.
func load(round, size int, r *rand.Rand) []*request {
	all := make([]*request, size)
	for i := range all {
		k := kinds[r.IntN(2)]
		if r.IntN(10) == 0 {
			k = kinds[2]
		}
		q := &request{round: round, number: fmt.Sprintf("91%d", 7_000_000_000+int64(round)*10_000+int64(i)), class: sms.OTP, segments: k.segments}
		q.Tenant, q.ID = k.tenant, sms.RequestID(fmt.Sprintf("c%04d-%04d", round, i))
		switch n := r.IntN(20); {
		case n < 5:
			q.class = sms.Txn
		case n < 8:
			q.class = sms.Bulk
		}
		body := map[string]any{"id": q.ID, "to": "+" + q.number, "template": k.template, "header": k.header, "vars": k.vars(r), "ref": fmt.Sprint(i)}
		switch n := r.IntN(100); {
		case n < 10 && k.segments == 1:
			q.ttl = time.Duration(1+r.IntN(2)) * time.Second
			body["ttl_s"] = int(q.ttl.Seconds())
		case n < 12:
			q.bad = true
			body["template"] = "1107169999999999999"
		case n < 17:
			q.careless = true
		case n < 20:
			q.copied = true
		}
		var err error
		if q.body, err = json.Marshal(body); err != nil {
			panic(err)
		}
		all[i] = q
	}
	return all
}
