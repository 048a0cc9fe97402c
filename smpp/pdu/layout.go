package pdu

import "fmt"

// kind is how a field is read and shown.
type kind uint8

const (
	octet    kind = iota // one octet
	plain                // a C-octet string
	address              // a C-octet string that may hold a number
	when                 // a time, of 16 characters or none
	password             // a C-octet string that is never shown
	message              // sm_length, then as many octets
)

type fieldSpec struct {
	name string
	kind kind
}

// The mandatory fields of the PDUs (SMPP 3.4 §4), in their order on the wire.
var (
	sourceFields = []fieldSpec{{"source_addr_ton", octet}, {"source_addr_npi", octet}, {"source_addr", address}}
	destFields   = []fieldSpec{{"dest_addr_ton", octet}, {"dest_addr_npi", octet}, {"destination_addr", address}}
	bindFields   = []fieldSpec{{"system_id", plain}, {"password", password}, {"system_type", plain},
		{"interface_version", octet}, {"addr_ton", octet}, {"addr_npi", octet}, {"address_range", address}}
	systemIDField  = []fieldSpec{{"system_id", plain}}
	messageIDField = []fieldSpec{{"message_id", plain}}
	serviceType    = []fieldSpec{{"service_type", address}}
	smFields       = join(serviceType, sourceFields, destFields, []fieldSpec{{"esm_class", octet},
		{"protocol_id", octet}, {"priority_flag", octet}, {"schedule_delivery_time", when}, {"validity_period", when},
		{"registered_delivery", octet}, {"replace_if_present_flag", octet}, {"data_coding", octet},
		{"sm_default_msg_id", octet}, {"short_message", message}})
)

var layouts = map[CommandID][]fieldSpec{
	BindReceiver: bindFields, BindTransmitter: bindFields, BindTransceiver: bindFields,
	BindReceiverResp: systemIDField, BindTransmitterResp: systemIDField, BindTransceiverResp: systemIDField,
	Outbind:      {{"system_id", plain}, {"password", password}},
	SubmitSM:     smFields,
	DeliverSM:    smFields,
	SubmitSMResp: messageIDField, DeliverSMResp: messageIDField, DataSMResp: messageIDField,
	DataSM: join(serviceType, sourceFields, destFields, []fieldSpec{{"esm_class", octet},
		{"registered_delivery", octet}, {"data_coding", octet}}),
	QuerySM:     join(messageIDField, sourceFields),
	QuerySMResp: {{"message_id", plain}, {"final_date", when}, {"message_state", octet}, {"error_code", octet}},
	CancelSM:    join(serviceType, messageIDField, sourceFields, destFields),
	ReplaceSM: join(messageIDField, sourceFields, []fieldSpec{{"schedule_delivery_time", when},
		{"validity_period", when}, {"registered_delivery", octet}, {"sm_default_msg_id", octet},
		{"short_message", message}}),
	AlertNotification: join(sourceFields, []fieldSpec{{"esme_addr_ton", octet}, {"esme_addr_npi", octet},
		{"esme_addr", address}}),
}

func join(parts ...[]fieldSpec) []fieldSpec {
	var all []fieldSpec
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// explainOctet shows an octet, and what it says where that is worth a word.
func explainOctet(name string, n byte) string {
	var word string
	switch name {
	case "esm_class":
		word = esmClassWords(n)
	case "registered_delivery":
		word = [4]string{"no receipt", "receipt on any outcome", "receipt on failure", "reserved"}[n&3]
	case "data_coding":
		word = dataCodings[n]
	}
	if word == "" {
		return fmt.Sprintf("%d", n)
	}
	return fmt.Sprintf("0x%02x %s", n, word)
}

// dataCodings names the values of data_coding in use (SMPP 3.4 §5.2.19).
var dataCodings = map[byte]string{
	0: "SMSC default (GSM-7)", 1: "ASCII", 2: "binary", 3: "Latin-1", 4: "binary", 8: "UCS-2",
}

// esmClassWords names the message type of a message from the SMSC, and the header bit (SMPP 3.4 §5.2.12).
func esmClassWords(n byte) string {
	var words string
	switch n & 0x3C {
	case 0x04:
		words = "delivery receipt"
	case 0x08:
		words = "delivery acknowledgement"
	case 0x10:
		words = "user acknowledgement"
	case 0x20:
		words = "intermediate notification"
	}
	if n&ESMClassUDHI != 0 {
		if words != "" {
			words += ", "
		}
		words += "user data header"
	}
	return words
}
