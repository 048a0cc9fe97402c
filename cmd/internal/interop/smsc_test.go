//go:build interop

package interop

// smsc is one SMSC of the gateway's configuration. Several may be one peer.
type smsc struct {
	ID       string // also its system_type, by which the peer and the capture know whose bind it is
	Prefix   string // of the numbers that are routed to it: country code and four digits
	Mode     string
	Binds    int
	TLS      bool
	Settings []string // more of its configuration, by lines
	Addr     string   // of the peer, once that runs

	forms        map[string]form // of the messages that it gets, by their ids
	long         string          // how long texts go, in the configuration's words
	packed       bool            // GSM-7
	misread      bool            // by tshark, which takes data_coding 0 as another SMSC of the peer does
	messaging    string          // mode of esm_class, as tshark shows it
	userRef      bool            // user_message_reference goes with each submit_sm
	version      int             // interface_version
	addressRange string
	from         string // the address that the gateway connects from
	taken        uint32 // the status by which it answers what the SMSC delivers
}

// form is how one message goes to one SMSC.
type form struct {
	dataCoding string // as tshark shows it
	parts      int    // short messages on the handset
	language   string // of the national tables, as tshark shows it; empty: none
}

var (
	gsm    = form{dataCoding: "0x00", parts: 1}
	hindi7 = form{dataCoding: "0x00", parts: 1, language: "6"} // GSM-7 with both tables of Hindi
	latin1 = form{dataCoding: "0x03", parts: 1}
	ucs2   = form{dataCoding: "0x08", parts: 1}
)

// in is a form of several parts.
func (f form) in(parts int) form {
	f.parts = parts
	return f
}

// submits is how many submit_sm a request takes that is accepted at once.
func (r *request) submits() int {
	if r.smsc.long == "payload" {
		return 1
	}
	return r.parts
}

// joinedBy is how the peer must find the parts joined.
func (r *request) joinedBy() string {
	if r.parts == 1 {
		return "short_message"
	}
	return r.smsc.long
}

// nodeSMSCs are all on node-smpp. The numbers of parts are: of GSM-7 160 septets, 152 in each of several parts; of UCS-2
// 70 and 66 units. The SMSC itself needs no less room for the header that it writes under SAR and message_payload.
func nodeSMSCs() []*smsc {
	forms := map[string]form{"english": gsm, "hindi": ucs2.in(2), "payment": gsm.in(2), "cafe": gsm, "long": gsm.in(3),
		"long-hindi": ucs2.in(4), "absent": gsm}
	return []*smsc{
		{ID: "node-tls", Prefix: "919810", Mode: "transceiver", Binds: 2, TLS: true, version: 0x34, from: "127.0.0.1",
			Settings: []string{"encoding: {long: udh, esm_class: 0x43}"}, long: "udh", messaging: "0x03", forms: forms},
		{ID: "node-sar", Prefix: "919811", Mode: "transceiver", Binds: 1, version: 0x34, from: "127.0.0.2",
			Settings: []string{"encoding: {long: sar, esm_class: 0x03}", "local_addr: 127.0.0.2"},
			long:     "sar", messaging: "0x03", forms: forms},
		{ID: "node-payload", Prefix: "919812", Mode: "transceiver", Binds: 1, version: 0x34, from: "127.0.0.1",
			Settings: []string{"encoding: {long: payload}"}, long: "payload", messaging: "0x00", forms: forms},
	}
}

// perlSMSCs are all on Net::SMPP. Latin-1 has 140 octets, 134 beside an 8-bit reference, UCS-2 67 units there. The tables
// of Hindi take six octets of the header, so that a single text has 152 septets and one of several parts 145.
func perlSMSCs() []*smsc {
	ids := "receipts: {submit_id: hex, receipt_id: dec}"
	hindi := map[string]form{"english": gsm, "hindi": hindi7, "payment": gsm.in(2), "cafe": gsm, "long": gsm.in(3),
		"long-hindi": hindi7.in(2), "absent": gsm}
	return []*smsc{
		{ID: "perl-latin1", Prefix: "919820", Mode: "transceiver", Binds: 1, version: 0x34, from: "127.0.0.1",
			Settings: []string{"encoding: {alphabets: [latin1, ucs2], long: udh8, esm_class: 0x40}",
				"receipts: {submit_id: hex, receipt_id: dec, user_message_reference: true}", "query: {after: 1s}",
				"statuses: [{status: 0x0401, submit: throttled}]"},
			long: "udh8", messaging: "0x00", userRef: true,
			forms: map[string]form{"english": latin1, "hindi": ucs2.in(2), "payment": ucs2.in(3), "cafe": latin1.in(2),
				"long": latin1.in(3), "long-hindi": ucs2.in(4), "absent": latin1, "silent": latin1, "busy": latin1,
				"unanswered": latin1}},
		{ID: "perl-hindi", Prefix: "919821", Mode: "transceiver", Binds: 1, version: 0x34, from: "127.0.0.1",
			Settings: []string{"encoding: {languages: [hindi], long: udh}", ids}, long: "udh", messaging: "0x00",
			misread: true, forms: hindi},
		{ID: "perl-packed", Prefix: "919822", Mode: "transceiver", Binds: 1, version: 0x34, from: "127.0.0.1",
			Settings: []string{"encoding: {languages: [hindi], gsm7: packed, long: udh8}", ids},
			long:     "udh8", messaging: "0x00", packed: true, forms: hindi},
	}
}

// kannelSMSC is drive_smpp. To an ESME of SMPP 3.4 it sends messages of handsets with a receipted_message_id, which makes
// receipts of them; to one of 3.3, which has no TLVs, it sends them plain, and a sender of OTPs has no use for those.
func kannelSMSC(version int) *smsc {
	s := &smsc{ID: "kannel", Prefix: "919830", Mode: "transmitter_receiver", Binds: 1, version: version, from: "127.0.0.1",
		long: "udh", messaging: "0x00", forms: map[string]form{"english": gsm, "hindi": ucs2.in(2), "payment": gsm.in(2),
			"long": gsm.in(3), "absent": gsm}}
	if version == 0x33 {
		s.Settings = []string{"interface_version: 0x33", `address: {ton: 1, npi: 1, range: "^91983"}`}
		s.addressRange, s.taken = "^91983", receiverRejects
	}
	return s
}
