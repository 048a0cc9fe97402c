package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"harkara/smpp/sms"
)

// small is a configuration with all that is needed; cases of the tests change one line of it. Names and passwords are
// made up.
const small = `node: node-1
nats: {listen: 127.0.0.1:4222}
tenants:
  - id: acme
    password: tenant-secret
    headers: [ACMEBK]
smscs:
  - id: sim-a
    addr: 127.0.0.1:2775
    system_id: harkara
    password: smscpass
routes:
  - match: {tenants: [acme], classes: [otp]}
    targets: [{smsc: sim-a}]
`

func parse(t *testing.T, text string) *Config {
	t.Helper()
	cfg, err := Parse("harkara.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return cfg
}

// TestFaults changes one thing of a good configuration and wants exactly one fault, at its line, with its mend.
func TestFaults(t *testing.T) {
	for _, tt := range []struct{ replace, by, want string }{
		{"node: node-1", "nod: node-1", "harkara.yaml:1: nod: unknown key; it is one of api, chains, data, http, in_doubt, keys, ledger, nats, node, otp, postgres, projection, quarantine, register, retention, routes, smscs, tenants"},
		{"{listen: 127.0.0.1:4222}", "{listn: x}", "harkara.yaml:2: nats.listn: unknown key; it is one of creds_file, listen, replicas, sync, url"},
		{"    headers: [ACMEBK]", "    header: [ACMEBK]", "harkara.yaml:6: tenants[0].header: unknown key; it is one of api_keys, daily_limit, events, headers, id, nkey, password, password_env, password_file, tps, weight"},
		{"    password: smscpass", "    password: smscpass\n    dlt:\n      entitytag: 5120", "harkara.yaml:13: smscs[0].dlt.entitytag: unknown key; it is one of chain, chain_tag, entity_tag, template_tag, type"},
		{"[{smsc: sim-a}]", "\n    - smsc: sim-a\n      wieght: 2", "harkara.yaml:16: routes[0].targets[0].wieght: unknown key; it is one of smsc, weight"},
		{"node: node-1", "node: a.b", "harkara.yaml:1: node: want 1-32 letters, digits, - or _ (it becomes part of NATS subjects and metrics)"},
		{"node: node-1", `node: ""`, "harkara.yaml:1: node: want 1-32 letters, digits, - or _ (it becomes part of NATS subjects and metrics)"},
		{"node: node-1", "http: 8080", "harkara.yaml:1: http: want text, have a whole number; put it in quotes"},
		{"node: node-1", `http: "8080"`, `harkara.yaml:1: http: "8080" is not host:port`},
		{"127.0.0.1:4222", "localhost", `harkara.yaml:2: nats.listen: "localhost" is not host:port`},
		{"{listen: 127.0.0.1:4222}", "{url: somewhere}", "harkara.yaml:2: nats.url: not a URL; want nats://host:4222, or nothing for the embedded server"},
		{"{listen: 127.0.0.1:4222}", "{sync: sometimes}", `harkara.yaml:2: nats.sync: "sometimes" is neither "always" nor an interval such as 100ms`},
		{"{listen: 127.0.0.1:4222}", "{sync: 0s}", `harkara.yaml:2: nats.sync: "0s" is neither "always" nor an interval such as 100ms`},
		{"{listen: 127.0.0.1:4222}", "{replicas: 3}", "harkara.yaml:2: nats.replicas: want 1 for the embedded server, 1 to 5 for a cluster"},
		{"{listen: 127.0.0.1:4222}", "{replicas: 0}", "harkara.yaml:2: nats.replicas: want 1 for the embedded server, 1 to 5 for a cluster"},
		{"{listen: 127.0.0.1:4222}", "{url: nats://n:4222, replicas: 6}", "harkara.yaml:2: nats.replicas: want 1 for the embedded server, 1 to 5 for a cluster"},
		{"node: node-1", "postgres: {dsn: postgres://u:dsnpass1@host:port/db}", "harkara.yaml:1: postgres.dsn: cannot be read; want postgres://user:password@host/database, or host=... dbname=..., or nothing"},
		{"- id: acme", "- id: acme corp", `harkara.yaml:4: tenants[0].id: want 1-32 letters, digits, - or _ (it becomes part of NATS subjects and metrics)
harkara.yaml:13: routes[0].match.tenants[0]: no tenant "acme" under tenants:`},
		{"    password: tenant-secret\n", "", "harkara.yaml:4: tenants[0]: no way to log in: set password_env, password_file or nkey"},
		{"[ACMEBK]", "[ACMEBK, JD-ACMEBK-S]", `harkara.yaml:6: tenants[0].headers[1]: header "JD-ACMEBK-S" carries the operator's prefix or suffix: write "ACMEBK"`},
		{"[ACMEBK]", "[ACMEBK]\n    tps: -1", "harkara.yaml:7: tenants[0].tps: -1 is too small; want at least 0"},
		{"[ACMEBK]", "[ACMEBK]\n    daily_limit: -5", "harkara.yaml:7: tenants[0].daily_limit: -5 is too small; want at least 0"},
		{"[ACMEBK]", "[ACMEBK]\n    weight: 0", "harkara.yaml:7: tenants[0].weight: 0 is no weight; want 1 to 1000"},
		{"[ACMEBK]", "[ACMEBK]\n  - {id: acme, password: x}", `harkara.yaml:7: tenants[1].id: "acme" stands twice`},
		{"    headers: [ACMEBK]", "  - {id: harkara-gateway, password: x}", "harkara.yaml:6: tenants[1].id: the gateway itself logs in by this name; choose another"},
		{"- id: sim-a", "- id: sim a", `harkara.yaml:8: smscs[0].id: want 1-32 letters, digits, - or _ (it becomes part of NATS subjects and metrics)
harkara.yaml:14: routes[0].targets[0].smsc: no SMSC "sim-a" under smscs:`},
		{"- id: sim-a", "- id: test", `harkara.yaml:8: smscs[0].id: events of test numbers have this name; choose another
harkara.yaml:14: routes[0].targets[0].smsc: no SMSC "sim-a" under smscs:`},
		{"127.0.0.1:2775", "127.0.0.1", `harkara.yaml:9: smscs[0].addr: "127.0.0.1" is not host:port`},
		{"    system_id: harkara\n", "", "harkara.yaml:8: smscs[0].system_id: want 1 to 15 characters (SMPP 3.4 §5.2.1)"},
		{"system_id: harkara", "system_id: sixteen-letters-", "harkara.yaml:10: smscs[0].system_id: want 1 to 15 characters (SMPP 3.4 §5.2.1)"},
		{"system_id: harkara", "system_id: harkara\n    system_type: thirteen-char", "harkara.yaml:11: smscs[0].system_type: want at most 12 characters (SMPP 3.4 §5.2.3)"},
		{"password: smscpass", "password: smscpass1", "harkara.yaml:11: smscs[0].password: want at most 8 characters (SMPP 3.4 §5.2.2)"},
		{"    password: smscpass\n", "", "harkara.yaml:8: smscs[0]: no password: set password_env or password_file"},
		{"    password: smscpass\n", "    password: 12345678\n", "harkara.yaml:11: smscs[0].password: want text, have a whole number; put it in quotes"},
		{"system_id: harkara", "system_id: harkara\n    mode: transmitter", `harkara.yaml:11: smscs[0].mode: "transmitter" is not one of transceiver, transmitter_receiver`},
		{"system_id: harkara", "system_id: harkara\n    binds: 0", "harkara.yaml:11: smscs[0].binds: 0 is too small; want at least 1"},
		{"system_id: harkara", "system_id: harkara\n    binds: many", "harkara.yaml:11: smscs[0].binds: want a whole number, have text"},
		{"system_id: harkara", "system_id: harkara\n    window: 0", "harkara.yaml:11: smscs[0].window: 0 is too small; want at least 1"},
		{"system_id: harkara", "system_id: harkara\n    tps: -1", "harkara.yaml:11: smscs[0].tps: -1 is too small; want at least 0"},
		{"system_id: harkara", "system_id: harkara\n    source: {ton: 256}", "harkara.yaml:11: smscs[0].source: ton and npi are octets, 0 to 255"},
		{"system_id: harkara", "system_id: harkara\n    destination: {npi: -1}", "harkara.yaml:11: smscs[0].destination: ton and npi are octets, 0 to 255"},
		{"system_id: harkara", "system_id: harkara\n    encoding: {gsm7: squeezed}", `harkara.yaml:11: smscs[0].encoding.gsm7: "squeezed" is not one of unpacked, packed`},
		{"system_id: harkara", "system_id: harkara\n    encoding: {long: cut}", `harkara.yaml:11: smscs[0].encoding.long: `},
		{"system_id: harkara", "system_id: harkara\n    encoding: {alphabets: [gsm7, ebcdic]}", `harkara.yaml:11: smscs[0].encoding.alphabets[1]: `},
		{"system_id: harkara", "system_id: harkara\n    encoding: {languages: [klingon]}", `harkara.yaml:11: smscs[0].encoding.languages[0]: `},
		{"system_id: harkara", "system_id: harkara\n    encoding: {esm_class: 0x04}", `harkara.yaml:11: smscs[0].encoding.esm_class: want 0x00 (the SMSC's default mode) or 0x03 (store and forward); 0x40 is added by itself where a message has a user data header, 0x40 and 0x43 mean the same here (SMPP 3.4 §5.2.12)`},
		{"system_id: harkara", "system_id: harkara\n    interface_version: 0x50", "harkara.yaml:11: smscs[0].interface_version: want 0x34 (SMPP 3.4) or 0x33"},
		{"system_id: harkara", "system_id: harkara\n    address: {ton: -1}", "harkara.yaml:11: smscs[0].address: ton and npi are octets, 0 to 255"},
		{"system_id: harkara", "system_id: harkara\n    address: {range: \"" + strings.Repeat("9", 41) + "\"}", "harkara.yaml:11: smscs[0].address.range: want at most 40 characters (SMPP 3.4 §5.2.7)"},
		{"system_id: harkara", "system_id: harkara\n    local_addr: eth0", `harkara.yaml:11: smscs[0].local_addr: "eth0" is not an IP address`},
		{"system_id: harkara", "system_id: harkara\n    tls: {ca_file: ca.pem}", "harkara.yaml:11: smscs[0].tls: has settings and is not enabled: set enabled: true, or take them out"},
		{"system_id: harkara", "system_id: harkara\n    tls: {enabled: true, cert_file: us.pem}", "harkara.yaml:11: smscs[0].tls: cert_file and key_file go together: set both or neither"},
		{"system_id: harkara", "system_id: harkara\n    price: -1", "harkara.yaml:11: smscs[0].price: want what one short message costs, 0 or more"},
		{"system_id: harkara", "system_id: harkara\n    price: cheap", "harkara.yaml:11: smscs[0].price: want a number, have text"},
		{"system_id: harkara", "system_id: harkara\n    query: {after: -1s}", "harkara.yaml:11: smscs[0].query.after: -1s is too short; want 0s (never) or at least 1s, with its unit"},
		{"system_id: harkara", "system_id: harkara\n    window: 7\n    cancel: true", "harkara.yaml:11: smscs[0].window: query_sm and cancel_sm share the window: want at least 8 with them"},
		{"system_id: harkara", "system_id: harkara\n    query: {after: 5}", "harkara.yaml:11: smscs[0].query.after: 5ns is too short; want 0s (never) or at least 1s, with its unit"},
		{"system_id: harkara", "system_id: harkara\n    tls: {enabled: true, ca_file: none.pem}", "harkara.yaml:11: smscs[0].tls: ca_file: open none.pem: no such file or directory"},
		{"system_id: harkara", "system_id: harkara\n    statuses: [{status: 0x401, submit: accepted}]", "harkara.yaml:11: smscs[0].statuses[0]: status 0x00000401: only ESME_ROK accepts a message, since only it comes with a message_id"},
		{"system_id: harkara", "system_id: harkara\n    encoding: {alphabets: [ucs2, gsm7]}", "harkara.yaml:11: smscs[0].encoding.alphabets[1]: can never be used: ucs2 holds every text, and each alphabet stands once"},
		{"system_id: harkara", "system_id: harkara\n    encoding: {alphabets: [ucs2], gsm7: packed}", "harkara.yaml:11: smscs[0].encoding.alphabets: languages and gsm7: packed are of gsm7, which is not among the alphabets"},
		{"system_id: harkara", "system_id: harkara\n    query: {after: 1s, tps: 0}", "harkara.yaml:11: smscs[0].query.tps: 0 is too small; want at least 1"},
		{"system_id: harkara", "system_id: harkara\n    receipts: {trust: none}", `harkara.yaml:11: smscs[0].receipts.trust: "none" is not one of lenient, strict`},
		{"system_id: harkara", "system_id: harkara\n    receipts: {busy: rthrottled}", `harkara.yaml:11: smscs[0].receipts.busy: "rthrottled" is not one of rx_t_appn, rmsgqful`},
		{"system_id: harkara", "system_id: harkara\n    receipts: {match_alarm: 95}", "harkara.yaml:11: smscs[0].receipts.match_alarm: want a share from 0 (no alarm) to 1"},
		{"system_id: harkara", "system_id: harkara\n    statuses: [{status: 0x401}]", "harkara.yaml:11: smscs[0].statuses[0]: status 0x00000401: say what it means: submit: throttled, queue_full, elsewhere, refused, bad_pdu or in_doubt; bind: network, credentials or occupied"},
		{"system_id: harkara", "system_id: harkara\n    statuses: [{status: 0x401, submit: maybe}]", "harkara.yaml:11: smscs[0].statuses[0]: "},
		{"system_id: harkara", "system_id: harkara\n    statuses: [{status: 0x401, bind: maybe}]", "harkara.yaml:11: smscs[0].statuses[0]: "},
		{"system_id: harkara", "system_id: harkara\n    statuses: [{status: 0, submit: refused}]", "harkara.yaml:11: smscs[0].statuses[0]: 0 is no command_status: want a number such as 0x0401"},
		{"system_id: harkara", "system_id: harkara\n    statuses: [{status: 0x401, submit: refused}, {status: 0x401, submit: throttled}]", "harkara.yaml:11: smscs[0].statuses: "},
		{"system_id: harkara", "system_id: harkara\n    dlt: {entity_tag: 0x0204}", "harkara.yaml:11: smscs[0].dlt.entity_tag: want a vendor tag, 0x1400 to 0x3FFF (SMPP 3.4 §5.3.2)"},
		{"system_id: harkara", "system_id: harkara\n    dlt: {chain_tag: 0x1401}", "harkara.yaml:11: smscs[0].dlt.chain_tag: the same tag stands twice; entity, template and chain each need their own"},
		{"system_id: harkara", `system_id: harkara` + "\n    dlt: {entity_tag: \"0x1400\"}", "harkara.yaml:11: smscs[0].dlt.entity_tag: want a whole number, have text"},
		{"system_id: harkara", "system_id: harkara\n    dlt: {type: string}", `harkara.yaml:11: smscs[0].dlt.type: "string" is not one of octet, c_octet`},
		{"system_id: harkara", "system_id: harkara\n    dlt: {chain: sha256}", `harkara.yaml:11: smscs[0].dlt.chain: "sha256" is not one of none, tm_id, list, hash`},
		{"system_id: harkara", "system_id: harkara\n    receipts: {errors: jio}", `harkara.yaml:11: smscs[0].receipts.errors: no dictionary "jio"; it is one of airtel, generic, infobip, kaleyra, vi`},
		{"system_id: harkara", "system_id: harkara\n    timeouts: {bind: 0s}", "harkara.yaml:11: smscs[0].timeouts.bind: 0s is too small; want at least 1ms"},
		{"system_id: harkara", "system_id: harkara\n    timeouts: {response: -1s}", "harkara.yaml:11: smscs[0].timeouts.response: -1s is too small; want at least 1ms"},
		{"system_id: harkara", "system_id: harkara\n    timeouts: {bind: soon}", "harkara.yaml:11: smscs[0].timeouts.bind: time: invalid duration"},
		{"system_id: harkara", "system_id: harkara\n    timeouts: {bind: 10}", "harkara.yaml:11: smscs[0].timeouts.bind: 10ns is too small; want at least 1ms"},
		{"[ACMEBK]", "{acmebk: 1}", "harkara.yaml:6: tenants[0].headers: source data must be an array or slice, got map"},
		{"[ACMEBK]", "[612345]", "harkara.yaml:6: tenants[0].headers[0]: want text, have a whole number; put it in quotes"},
		{"{listen: 127.0.0.1:4222}", "embedded", `harkara.yaml:2: nats: expected a map or struct, got "string"`},
		{"password: smscpass", "password: [smscpass]", "harkara.yaml:11: smscs[0].password: want text, have a list"},
		{"system_id: harkara", "system_id: harkara\n    categories: [otp]", "harkara.yaml:11: smscs[0].categories[0]: "},
		{"system_id: harkara", "system_id: harkara\n    tls: true", "harkara.yaml:11: smscs[0].tls: expected a map or struct, got \"bool\""},
		{"routes:", "  - {id: sim-a, addr: '127.0.0.1:1', system_id: h, password: x}\nroutes:", `harkara.yaml:12: smscs[1].id: "sim-a" stands twice`},
		{"tenants: [acme], ", "tenants: [acme, nobody], ", `harkara.yaml:13: routes[0].match.tenants[1]: no tenant "nobody" under tenants:`},
		{"classes: [otp]", "classes: [OTP]", `harkara.yaml:13: routes[0].match.classes[0]: class "OTP" is not one of otp, txn, bulk`},
		{"classes: [otp]", "headers: [AC]", `harkara.yaml:13: routes[0].match.headers[0]: header "AC" is not 3 to 6 letters or 6 digits`},
		{"classes: [otp]", "prefixes: [india]", `harkara.yaml:12: routes: route 1: prefix "india" is not digits, such as "91"`},
		{"[{smsc: sim-a}]", "[]", "harkara.yaml:13: routes[0]: no targets: name at least one {smsc: ID, weight: N}"},
		{"[{smsc: sim-a}]", "[{smsc: sim-z}]", `harkara.yaml:14: routes[0].targets[0].smsc: no SMSC "sim-z" under smscs:`},
		{"[{smsc: sim-a}]", "[{smsc: sim-a, weight: 0}]", "harkara.yaml:14: routes[0].targets[0].weight: 0 is no weight; want 1 to 1000"},
		{"[{smsc: sim-a}]", "[{smsc: sim-a}]\n    failover: [sim-z]", `harkara.yaml:15: routes[0].failover[0]: no SMSC "sim-z" under smscs:`},
		{"[{smsc: sim-a}]", "[{smsc: sim-a}]\n    failover: [sim-a]", "harkara.yaml:12: routes: route 1: smsc sim-a is named twice: leave it in one place"},
		{"system_id: harkara", "system_id: harkara\n    scrub: {operator: tata}", `harkara.yaml:11: smscs[0].scrub.operator: operator "tata" is not one of airtel, vi, jio, bsnl, smartping`},
		{"system_id: harkara", "system_id: harkara\n    scrub: {untyped: 0}", "harkara.yaml:11: smscs[0].scrub.untyped: 0 is no length of a variable; want 1 to 2000"},
		{"system_id: harkara", "system_id: harkara\n    scrub: {punctuation: allow}", `harkara.yaml:11: smscs[0].scrub.punctuation: "allow" is not one of warn, refuse`},
		{"system_id: harkara", "system_id: harkara\n    scrub: {cta: maybe}", `harkara.yaml:11: smscs[0].scrub.cta: "maybe" is not one of require, off`},
		{"system_id: harkara", "system_id: harkara\n    scrub: {newline: cr}", `harkara.yaml:11: smscs[0].scrub.newline: newline "cr" is not one of as_stored, lf, crlf`},
		{"system_id: harkara", "system_id: harkara\n    scrub: {promo_from: morning}", `harkara.yaml:11: smscs[0].scrub.promo_from: "morning" is no time of day; want one such as 10:00, in quotes`},
		{"routes:", "quarantine: {after: -1}\nroutes:", "harkara.yaml:12: quarantine.after: -1 is too small; want at least 0"},
		{"routes:", "ledger: {keep: 24h}\nroutes:", "harkara.yaml:12: ledger.keep: 24h0m0s is too small; want at least 192h0m0s"},
		{"routes:", "retention: {messages: 1h, receipts: 0s}\nroutes:", "harkara.yaml:12: retention.messages: 1h0m0s is too small; want at least 192h0m0s\n" +
			"harkara.yaml:12: retention.receipts: 0s is too small; want at least 192h0m0s"},
		{"routes:", "projection: {lag_alert: 10ms}\nroutes:", "harkara.yaml:12: projection.lag_alert: 10ms is too small; want at least 1s"},
		{"routes:", "keys: {master_file: a, master_env: B}\nroutes:", "harkara.yaml:12: keys: the master key comes from one place: set one of master_file, master_env and master_credential"},
		{"routes:", "register: {columns: {TPL: [Tpl No]}}\nroutes:", `harkara.yaml:12: register.columns.TPL: "TPL" is not one of CATEGORY, `},
		{"routes:", "register: {tags: {dob: date}}\nroutes:", `harkara.yaml:12: register.tags.dob: "date" is not one of untyped, numeric, alphanumeric, url, urlott, cbn, email`},
		{"routes:", "chains:\n  - {entity: \"1101481029384756102\", smsc: sim-a, ids: [\"1101481029384756102\"]}\nroutes:", "harkara.yaml:13: chains[0].ids: a chain has at least two ids: the entity's and a telemarketer's"},
		{"routes:", "chains:\n  - {entity: \"1101\", smsc: sim-z, ids: [a, b]}\nroutes:", `harkara.yaml:13: chains[0].smsc: no SMSC "sim-z" under smscs:
harkara.yaml:13: chains[0].entity: entity id "1101" has 4 digits: 19 are needed, or 12 in older registrations
harkara.yaml:13: chains[0].ids: id 1 of the chain: entity id "a" is not digits only
harkara.yaml:13: chains[0].ids: id 2 of the chain: telemarketer id "b" is not digits only
harkara.yaml:13: chains[0].ids: the first id is the entity's own: 1101`},
		{"routes:", "chains:\n  - {entity: \"1101481029384756102\", smsc: sim-a, ids: [\"1101481029384756102\", \"1107000000000000042\"], from: tomorrow}\nroutes:",
			`harkara.yaml:13: chains[0].ids: id 2 of the chain: telemarketer id "1107000000000000042" is a template's id (type digits 07): look for columns or settings that were swapped
harkara.yaml:13: chains[0]: "tomorrow" is no day; want one such as 2026-12-01, in quotes`},
		{"routes:", "in_doubt: {otp: resend}\nroutes:", `harkara.yaml:12: in_doubt.otp: "resend" is not one of resend_once, hold`},
		{small, "- a list", "harkara.yaml:1: not a configuration; want keys such as node: and smscs:"},
		{small, "smscpass", "harkara.yaml:1: not a configuration; want keys such as node: and smscs:"},
		{"node: node-1", "node: a\nnode: b", `harkara.yaml:2: not YAML: mapping key "node" already defined at line 1`},
		{"node: node-1", "node: [a", "harkara.yaml:1: not YAML: did not find expected ',' or ']'"},
		{"password: smscpass", "password: *smscpass", "harkara.yaml:1: not YAML: a value begins with *; put it in quotes"},
	} {
		t.Run(tt.by, func(t *testing.T) {
			if strings.Count(small, tt.replace) == 0 {
				t.Fatalf("%q is not in the configuration", tt.replace)
			}
			cfg, err := Parse("harkara.yaml", []byte(strings.Replace(small, tt.replace, tt.by, 1)))
			var faults Faults
			if !errors.As(err, &faults) || cfg != nil {
				t.Fatalf("configuration %v, error %v; want faults", cfg, err)
			}
			if got := faults.Error(); got != tt.want && !(strings.HasSuffix(tt.want, " ") && strings.HasPrefix(got, tt.want)) {
				t.Errorf("faults\n got %s\nwant %s", got, tt.want)
			}
			for _, secret := range []string{"tenant-secret", "smscpass", "12345678", "dsnpass1"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the fault shows a password: %s", err)
				}
			}
		})
	}
}

// TestAllFaultsAtOnce: whoever mends a file wants every fault of it, not the first.
func TestAllFaultsAtOnce(t *testing.T) {
	_, err := Parse("f", []byte("node: a b\nhttp: nowhere\nsmscs:\n  - {id: x, addr: y, system_id: h, password: p}\n"))
	want := "f:1: node: " + nameRule + "\nf:2: http: \"nowhere\" is not host:port\nf:4: smscs[0].addr: \"y\" is not host:port"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestLoadSaysWhichFileIsMissing(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.yaml"))
	if !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "read configuration: open ") {
		t.Errorf("error %v", err)
	}
}

func TestDefaults(t *testing.T) {
	cfg := parse(t, small)
	want := Config{
		Node: "node-1", Data: "./data", HTTP: "127.0.0.1:8080",
		NATS:    NATS{Listen: "127.0.0.1:4222", Sync: "always", Replicas: 1},
		InDoubt: InDoubt{OTP: "resend_once", Txn: "hold", Bulk: "hold"},
		Tenants: []Tenant{{ID: "acme", Password: "tenant-secret", Headers: []string{"ACMEBK"}, Weight: 1}},
		SMSCs: []SMSC{{ID: "sim-a", Addr: "127.0.0.1:2775", SystemID: "harkara", Password: "smscpass", InterfaceVersion: 0x34,
			Mode: "transceiver", Binds: 1, Window: 32, Categories: []string{"transactional", "service_implicit"}, Source: Address{TON: 5},
			Destination: Address{TON: 1, NPI: 1}, Encoding: Encoding{Alphabets: []string{"gsm7", "ucs2"}, GSM7: "unpacked", Long: "udh"},
			DLT:      DLT{EntityTag: 0x1400, TemplateTag: 0x1401, ChainTag: 0x1402, Type: "octet", Chain: "none"},
			Receipts: Receipts{SubmitID: "text", ReceiptID: "text", Errors: "generic", Trust: "lenient", Busy: "rx_t_appn", MatchAlarm: 0.9, Timeout: 72 * time.Hour},
			Scrub: Scrub{Untyped: 30, Numeric: 40, Alphanumeric: 40, URL: 120, Punctuation: "warn", CTA: "require",
				Newline: "as_stored", PromoFrom: "10:00", PromoUntil: "21:00"},
			Query:    Query{TPS: 5},
			Timeouts: Timeouts{Bind: 10 * time.Second, Response: 10 * time.Second, EnquireLink: 30 * time.Second}}},
		Routes: []Route{{Match: Match{Tenants: []sms.TenantID{"acme"}, Classes: []string{"otp"}},
			Targets: []Target{{SMSC: "sim-a", Weight: 1}}}},
		Quarantine: Quarantine{After: 3},
		Ledger:     Ledger{Keep: 9600 * time.Hour},
		Retention:  Retention{Messages: 9600 * time.Hour, Receipts: 9600 * time.Hour},
		Projection: Projection{LagAlert: 30 * time.Second},
		OTP: OTP{Production: true, State: "file",
			Limits: OTPLimits{Number: []OTPLimit{{5, 10 * time.Minute}, {20, 24 * time.Hour}}}},
	}
	if got, want := fmt.Sprintf("%+v", *cfg), fmt.Sprintf("%+v", want); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if p := cfg.Tenants[0].Password.Reveal(); p != "tenant-secret" {
		t.Errorf("the tenant's password became %q", p)
	}
}

// TestGivenValues: what the file says stays, zeros too, in decimal or hexadecimal, with units.
func TestGivenValues(t *testing.T) {
	cfg := parse(t, strings.Replace(small, "system_id: harkara", `system_id: harkara
    source: {ton: 0, npi: 0}
    destination: {npi: 0}
    dlt: {entity_tag: 0x1500, template_tag: 5377, chain_tag: 0x3FFF, type: c_octet, chain: hash}
    timeouts: {bind: 1m30s, response: 250ms, enquire_link: 2m}
    receipts: {submit_id: hex, receipt_id: dec}`, 1))
	s := cfg.SMSCs[0]
	if s.Source != (Address{}) || s.Destination != (Address{TON: 1}) {
		t.Errorf("source %+v, destination %+v; want {0 0} and {1 0}", s.Source, s.Destination)
	}
	if want := (DLT{EntityTag: 0x1500, TemplateTag: 0x1501, ChainTag: 0x3FFF, Type: "c_octet", Chain: "hash"}); s.DLT != want {
		t.Errorf("dlt %+v, want %+v", s.DLT, want)
	}
	if want := (Timeouts{Bind: 90 * time.Second, Response: 250 * time.Millisecond, EnquireLink: 2 * time.Minute}); s.Timeouts != want {
		t.Errorf("timeouts %+v, want %+v", s.Timeouts, want)
	}
	if want := (Receipts{SubmitID: "hex", ReceiptID: "dec", Errors: "generic", Trust: "lenient", Busy: "rx_t_appn", MatchAlarm: 0.9, Timeout: 72 * time.Hour}); s.Receipts != want {
		t.Errorf("receipts %+v, want %+v", s.Receipts, want)
	}
}

// TestEmptyConfiguration: the tools that only read the register need no more than the defaults.
func TestEmptyConfiguration(t *testing.T) {
	for _, text := range []string{"", "# nothing yet\n", "{}\n"} {
		if cfg := parse(t, text); cfg.HTTP != "127.0.0.1:8080" {
			t.Errorf("%q: http %q", text, cfg.HTTP)
		}
	}
}

// TestSampleOfTheContract takes the full sample of the public surface, with valid ids.
func TestSampleOfTheContract(t *testing.T) {
	cfg := parse(t, contractSample)
	chain := Chain{Entity: "1101481029384756102", SMSC: "sim-a", IDs: []string{"1101481029384756102", "1102592013746580291"}}
	if got := fmt.Sprintf("%+v", cfg.Chains); got != fmt.Sprintf("%+v", []Chain{chain}) {
		t.Errorf("chains %s", got)
	}
	if got, want := fmt.Sprintf("%+v", cfg.Routes), "[{Match:{Tenants:[acme] Classes:[otp txn] Headers:[ACMEBK] Prefixes:[91]} "+
		"Targets:[{SMSC:sim-a Weight:1}] Failover:[sim-b]}]"; got != want {
		t.Errorf("routes\n got %s\nwant %s", got, want)
	}
	if s := cfg.SMSCs[0]; s.DLT.EntityTag != 0x1400 || s.Timeouts.EnquireLink != 30*time.Second || s.PasswordEnv != "SIM_A_PASSWORD" {
		t.Errorf("smsc %+v", s)
	}
}

// The sample names sim-b as failover and leaves its entry to the reader; here it stands.
const contractSample = `
node: node-1
data: ./data                     # embedded NATS, private PostgreSQL, keys (0600)
nats:
  url: ""                        # empty: embedded server
  listen: 127.0.0.1:4222         # embedded: where tenants connect
  sync: always                   # embedded: always, or an interval
  replicas: 1
postgres:
  dsn: ""                        # empty: a private cluster under data/, made with the machine's PostgreSQL >= 15
http: 127.0.0.1:8080             # /healthz /readyz /metrics and the console
tenants:
  - id: acme
    password_env: ACME_NATS_PASSWORD      # user = id; or nkey:
    headers: [ACMEBK]
    tps: 200                     # 0: no limit
    daily_limit: 0
    weight: 1
smscs:
  - id: sim-a
    addr: 127.0.0.1:2775
    tls: {enabled: false, ca_file: "", server_name: ""}
    system_id: harkara
    password_env: SIM_A_PASSWORD # or password_file:, or password: (tests only)
    system_type: ""
    mode: transceiver            # or transmitter_receiver
    binds: 2
    window: 64
    tps: 0                       # over all binds of this SMSC; 0: no limit
    categories: [transactional, service_implicit]
    source: {ton: 5, npi: 0}
    destination: {ton: 1, npi: 1}
    encoding: {gsm7: unpacked, long: udh}           # udh | sar | payload
    dlt: {entity_tag: 0x1400, template_tag: 0x1401, chain_tag: 0x1402, type: octet, chain: none}   # none | tm_id | list | hash
    receipts: {submit_id: text, receipt_id: text, errors: generic}     # text | dec | hex
    timeouts: {bind: 10s, response: 10s, enquire_link: 30s}
  - {id: sim-b, addr: 127.0.0.1:2776, system_id: harkara, password_env: SIM_B_PASSWORD}
chains:
  - {entity: "1101481029384756102", smsc: sim-a, ids: ["1101481029384756102", "1102592013746580291"]}
routes:                          # first match wins; its targets by weight; then failover in order
  - match: {tenants: [acme], classes: [otp, txn], headers: [ACMEBK], prefixes: ["91"]}
    targets: [{smsc: sim-a, weight: 1}]
    failover: [sim-b]
in_doubt: {otp: resend_once, txn: hold, bulk: hold}
`
