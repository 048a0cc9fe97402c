package app

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"harkara/dlt"
	"harkara/smpp/receipt"
	"harkara/smpp/session"
	"harkara/smpp/sms"
)

func (s *SMSC) check(at *lines, path string) {
	if !namePattern.MatchString(string(s.ID)) {
		at.add(path+".id", nameRule)
	}
	if s.ID == "test" {
		at.add(path+".id", "events of test numbers have this name; choose another")
	}
	s.checkAccount(at, path)
	s.checkConnection(at, path)
	for j, category := range s.Categories {
		if _, err := dlt.ParseCategory(category); err != nil {
			at.add(fmt.Sprintf("%s.categories[%d]", path, j), err.Error())
		}
	}
	octet(at, path+".source", s.Source)
	octet(at, path+".destination", s.Destination)
	s.checkEncoding(at, path+".encoding")
	s.checkDLT(at, path+".dlt")
	s.Scrub.check(at, path+".scrub")
	s.checkReceipts(at, path+".receipts")
	s.checkStatuses(at, path+".statuses")
	if s.Price < 0 {
		at.add(path+".price", "want what one short message costs, 0 or more")
	}
}

func (s *SMSC) checkAccount(at *lines, path string) {
	if s.SystemID == "" || len(s.SystemID) > 15 {
		at.add(path+".system_id", "want 1 to 15 characters (SMPP 3.4 §5.2.1)")
	}
	if len(s.SystemType) > 12 {
		at.add(path+".system_type", "want at most 12 characters (SMPP 3.4 §5.2.3)")
	}
	if len(s.Password) > 8 {
		at.add(path+".password", "want at most 8 characters (SMPP 3.4 §5.2.2)")
	}
	if s.Password == "" && s.PasswordEnv == "" && s.PasswordFile == "" {
		at.add(path, errNoSecret.Error())
	}
	if s.InterfaceVersion != 0x33 && s.InterfaceVersion != 0x34 {
		at.add(path+".interface_version", "want 0x34 (SMPP 3.4) or 0x33")
	}
	octet(at, path+".address", Address{s.Address.TON, s.Address.NPI})
	if len(s.Address.Range) > 40 {
		at.add(path+".address.range", "want at most 40 characters (SMPP 3.4 §5.2.7)")
	}
}

func (s *SMSC) checkConnection(at *lines, path string) {
	hostPort(at, path+".addr", s.Addr)
	if s.LocalAddr != "" && net.ParseIP(s.LocalAddr) == nil {
		at.add(path+".local_addr", fmt.Sprintf("%q is not an IP address", s.LocalAddr))
	}
	if !s.TLS.Enabled && s.TLS != (TLS{}) {
		at.add(path+".tls", "has settings and is not enabled: set enabled: true, or take them out")
	}
	if (s.TLS.CertFile == "") != (s.TLS.KeyFile == "") {
		at.add(path+".tls", "cert_file and key_file go together: set both or neither")
	}
	oneOf(at, path+".mode", s.Mode, "transceiver", "transmitter_receiver")
	atLeast(at, path+".binds", s.Binds, 1)
	atLeast(at, path+".window", s.Window, 1)
	atLeast(at, path+".tps", s.TPS, 0)
	if (s.Query.After > 0 || s.Cancel) && s.Window < 8 {
		at.add(path+".window", "query_sm and cancel_sm share the window: want at least 8 with them")
	}
	if s.Query.After != 0 && s.Query.After < time.Second {
		at.add(path+".query.after", fmt.Sprintf("%v is too short; want 0s (never) or at least 1s, with its unit", s.Query.After))
	}
	if _, err := s.tlsConfig(); err != nil && (s.TLS.CertFile == "") == (s.TLS.KeyFile == "") {
		at.add(path+".tls", strings.TrimPrefix(err.Error(), "tls."))
	}
	atLeast(at, path+".query.tps", s.Query.TPS, 1)
	atLeast(at, path+".timeouts.bind", s.Timeouts.Bind, time.Millisecond)
	atLeast(at, path+".timeouts.response", s.Timeouts.Response, time.Millisecond)
	atLeast(at, path+".timeouts.enquire_link", s.Timeouts.EnquireLink, time.Millisecond)
}

func (s *SMSC) checkEncoding(at *lines, path string) {
	for j, name := range s.Encoding.Alphabets {
		if _, err := sms.ParseEncoding(name); err != nil {
			at.add(fmt.Sprintf("%s.alphabets[%d]", path, j), err.Error())
		}
	}
	oneOf(at, path+".gsm7", s.Encoding.GSM7, "unpacked", "packed")
	if _, err := sms.ParseLong(s.Encoding.Long); err != nil {
		at.add(path+".long", err.Error())
	}
	gsm7 := slices.Contains(s.Encoding.Alphabets, "gsm7")
	if !gsm7 && (len(s.Encoding.Languages) > 0 || s.Encoding.GSM7 == "packed") {
		at.add(path+".alphabets", "languages and gsm7: packed are of gsm7, which is not among the alphabets")
	}
	for j, name := range s.Encoding.Alphabets {
		if slices.Index(s.Encoding.Alphabets, name) != j || j > 0 && s.Encoding.Alphabets[j-1] == "ucs2" {
			at.add(fmt.Sprintf("%s.alphabets[%d]", path, j), "can never be used: ucs2 holds every text, and each alphabet stands once")
		}
	}
	for j, name := range s.Encoding.Languages {
		if _, err := sms.ParseLanguage(name); err != nil {
			at.add(fmt.Sprintf("%s.languages[%d]", path, j), err.Error())
		}
	}
	if !slices.Contains([]int{0x00, 0x03, 0x40, 0x43}, s.Encoding.ESMClass) {
		at.add(path+".esm_class", "want 0x00 (the SMSC's default mode) or 0x03 (store and forward); 0x40 is added "+
			"by itself where a message has a user data header, 0x40 and 0x43 mean the same here (SMPP 3.4 §5.2.12)")
	}
}

func (s *SMSC) checkDLT(at *lines, path string) {
	tags := []int{s.DLT.EntityTag, s.DLT.TemplateTag, s.DLT.ChainTag}
	for j, name := range []string{".entity_tag", ".template_tag", ".chain_tag"} {
		if tags[j] < 0x1400 || tags[j] > 0x3FFF {
			at.add(path+name, "want a vendor tag, 0x1400 to 0x3FFF (SMPP 3.4 §5.3.2)")
		}
		if slices.Index(tags, tags[j]) != j {
			at.add(path+name, "the same tag stands twice; entity, template and chain each need their own")
		}
	}
	oneOf(at, path+".type", s.DLT.Type, "octet", "c_octet")
	oneOf(at, path+".chain", s.DLT.Chain, "none", "tm_id", "list", "hash")
}

func (s *SMSC) checkReceipts(at *lines, path string) {
	for name, form := range map[string]string{"submit_id": s.Receipts.SubmitID, "receipt_id": s.Receipts.ReceiptID} {
		if _, err := receipt.ParseForm(form); err != nil {
			at.add(path+"."+name, err.Error())
		}
	}
	if names := dlt.ErrorDictionaries(); !slices.Contains(names, s.Receipts.Errors) {
		at.add(path+".errors", fmt.Sprintf("no dictionary %q; it is one of %s", s.Receipts.Errors, strings.Join(names, ", ")))
	}
	oneOf(at, path+".trust", s.Receipts.Trust, "lenient", "strict")
	oneOf(at, path+".busy", s.Receipts.Busy, "rx_t_appn", "rmsgqful")
	if s.Receipts.Timeout != 0 {
		atLeast(at, path+".timeout", s.Receipts.Timeout, time.Minute)
	}
	if s.Receipts.MatchAlarm < 0 || s.Receipts.MatchAlarm > 1 {
		at.add(path+".match_alarm", "want a share from 0 (no alarm) to 1")
	}
}

func (s *SMSC) checkStatuses(at *lines, path string) {
	before := len(at.faults)
	for j, r := range s.Statuses {
		if _, err := r.rule(); err != nil {
			at.add(fmt.Sprintf("%s[%d]", path, j), err.Error())
		}
	}
	if len(at.faults) > before {
		return
	}
	if _, err := s.statuses(); err != nil {
		at.add(path, err.Error())
	}
}

// rule reads one line of statuses; what it leaves out stays as the standard has it.
func (r StatusRule) rule() (rule session.Rule, err error) {
	if r.Status < 1 || r.Status > 0xFFFFFFFF {
		return rule, fmt.Errorf("%d is no command_status: want a number such as 0x0401", r.Status)
	}
	if r.Submit == "" && r.Bind == "" {
		return rule, fmt.Errorf("status 0x%08X: say what it means: submit: %s; bind: %s", r.Status,
			"throttled, queue_full, elsewhere, refused, bad_pdu or in_doubt", "network, credentials or occupied")
	}
	var standard *session.Statuses
	rule.Status = statusOf(r.Status)
	rule.Submit, rule.Bind, rule.Why = standard.Submit(rule.Status), standard.Bind(rule.Status), "as configured for this SMSC"
	if r.Submit != "" {
		if rule.Submit, err = session.ParseVerdict(r.Submit); err != nil {
			return rule, err
		}
		if rule.Submit == session.Accepted {
			return rule, fmt.Errorf("status 0x%08X: only ESME_ROK accepts a message, since only it comes with a message_id", r.Status)
		}
	}
	if r.Bind != "" {
		rule.Bind, err = session.ParseBindFault(r.Bind)
	}
	return rule, err
}
