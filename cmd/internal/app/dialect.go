package app

import (
	"fmt"
	"slices"

	"harkara/cmd/internal/dispatch"
	"harkara/dlt"
	"harkara/smpp/pdu"
	"harkara/smpp/receipt"
	"harkara/smpp/session"
	"harkara/smpp/sms"
)

// statuses is what the SMSC's command_status values mean.
func (s *SMSC) statuses() (*session.Statuses, error) {
	rules := make([]session.Rule, len(s.Statuses))
	for i, r := range s.Statuses {
		var err error
		if rules[i], err = r.rule(); err != nil {
			return nil, err
		}
	}
	return session.NewStatuses(rules)
}

// StatusRules is the table of one SMSC's command_status values.
func (c *Config) StatusRules(id sms.SMSCID) ([]session.Rule, error) {
	if !slices.ContainsFunc(c.SMSCs, func(s SMSC) bool { return s.ID == id }) {
		return nil, fmt.Errorf("no SMSC %q in the configuration", id)
	}
	statuses, err := c.smsc(id).statuses()
	if err != nil {
		return nil, err
	}
	return statuses.Rules(), nil
}

// busy is what a receipt is answered that can't be taken now: the SMSC is to send it again.
func (s *SMSC) busy() pdu.Status {
	if s.Receipts.Busy == "rmsgqful" {
		return pdu.ESME_RMSGQFUL
	}
	return pdu.ESME_RX_T_APPN
}

func statusOf(n int) pdu.Status { return pdu.Status(uint32(n)) }

// coding is how the SMSC takes texts. The names are checked when the configuration is read.
func (s *SMSC) coding() (*sms.Coding, error) {
	c := &sms.Coding{Packed: s.Encoding.GSM7 == "packed"}
	for _, name := range s.Encoding.Alphabets {
		alphabet, err := sms.ParseEncoding(name)
		if err != nil {
			return nil, err
		}
		c.Alphabets = append(c.Alphabets, alphabet)
	}
	for _, name := range s.Encoding.Languages {
		language, err := sms.ParseLanguage(name)
		if err != nil {
			return nil, err
		}
		c.Languages = append(c.Languages, language)
	}
	var err error
	c.Long, err = sms.ParseLong(s.Encoding.Long)
	return c, err
}

// dispatchSMSC is an SMSC as dispatch needs it; its pool is joined later.
func (c *Config) dispatchSMSC(s *SMSC) (*dispatch.SMSC, error) {
	submitID, err := receipt.ParseForm(s.Receipts.SubmitID)
	if err != nil {
		return nil, err
	}
	receiptID, err := receipt.ParseForm(s.Receipts.ReceiptID)
	if err != nil {
		return nil, err
	}
	errors, err := dlt.ErrorDictionary(s.Receipts.Errors)
	if err != nil {
		return nil, err
	}
	trust := receipt.Lenient
	if s.Receipts.Trust == "strict" {
		trust = receipt.Strict
	}
	coding, err := s.coding()
	if err != nil {
		return nil, err
	}
	return &dispatch.SMSC{ID: s.ID, SubmitID: submitID, Receipts: receiptID, Trust: trust, Busy: s.busy(), Errors: errors, Cancel: s.Cancel,
		Profile: dispatch.Profile{
			SourceTON: byte(s.Source.TON), SourceNPI: byte(s.Source.NPI),
			DestTON: byte(s.Destination.TON), DestNPI: byte(s.Destination.NPI),
			EntityTag: pdu.Tag(s.DLT.EntityTag), TemplateTag: pdu.Tag(s.DLT.TemplateTag), ChainTag: pdu.Tag(s.DLT.ChainTag),
			NUL:    s.DLT.Type == "c_octet",
			Coding: coding, ESMClass: byte(s.Encoding.ESMClass) & 0x03, UserRef: s.Receipts.UserRef,
		}}, nil
}
