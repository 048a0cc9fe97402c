package smsctest

import (
	"fmt"

	"harkara/smpp/pdu"
)

// Dialect is how the SMSC writes receipts and ids: one habit of real SMSCs each.
type Dialect uint8

// The dialects, in the order of DialectList.
const (
	AppendixB        Dialect = iota // as SMPP 3.4 Appendix B has it, with the TLVs
	LowerCase                       // values in lower case, fields in another order, dates of 12 digits
	Worded                          // stat:FAILED or stat:DELIVERED, err as a word
	TLVOnly                         // no text, network_error_code for err
	ByDataSM                        // data_sm with the text as message_payload
	WithIntermediate                // an ENROUTE receipt with esm_class 0x20 after the answer, then the final one
	PaddedID                        // ids below 10^10: ten digits with zeros in receipts, hexadecimal in answers
	dialectCount
)

// DialectList holds all dialects.
var DialectList = [dialectCount]Dialect{AppendixB, LowerCase, Worded, TLVOnly, ByDataSM, WithIntermediate, PaddedID}

// dialects says what each does.
var dialects = [dialectCount]struct {
	name, help   string
	command      pdu.CommandID
	text         func(dst []byte, n *notice) []byte // nil: none
	intermediate bool
	padded       bool
}{
	AppendixB: {name: "appendix_b", command: pdu.DeliverSM, text: appendixB,
		help: "the text of SMPP 3.4 Appendix B, and TLVs"},
	LowerCase: {name: "lower", command: pdu.DeliverSM, text: lowerCase,
		help: "values in lower case, fields in another order, dates of 12 digits"},
	Worded: {name: "worded", command: pdu.DeliverSM, text: worded,
		help: "stat:FAILED or stat:DELIVERED, err as a word"},
	TLVOnly: {name: "tlv_only", command: pdu.DeliverSM,
		help: "no text, only TLVs, network_error_code among them"},
	ByDataSM: {name: "data_sm", command: pdu.DataSM, text: appendixB,
		help: "receipts come as data_sm, their text as message_payload"},
	WithIntermediate: {name: "intermediate", command: pdu.DeliverSM, text: appendixB, intermediate: true,
		help: "an ENROUTE receipt with esm_class 0x20 after the answer, then the final one"},
	PaddedID: {name: "padded", command: pdu.DeliverSM, text: appendixB, padded: true,
		help: "ids of ten digits with leading zeros in receipts, the same in hexadecimal in answers"},
}

// String gives the dialect's name, appendix_b.
func (d Dialect) String() string {
	if d < dialectCount {
		return dialects[d].name
	}
	return fmt.Sprintf("dialect(%d)", uint8(d))
}

// Help gives one line for people on how the dialect differs.
func (d Dialect) Help() string { return dialects[d].help }

// ParseDialect reads a dialect's name; the error lists the names.
func ParseDialect(name string) (Dialect, error) {
	for _, d := range DialectList {
		if d.String() == name {
			return d, nil
		}
	}
	return 0, fmt.Errorf("no dialect %q: use one of %v", name, DialectList)
}
