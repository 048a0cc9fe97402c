package pdu

import "fmt"

// CommandID is the command_id of a PDU (SMPP 3.4 §5.1.2.1).
type CommandID uint32

// The commands of SMPP 3.4.
const (
	BindReceiver        CommandID = 0x00000001
	BindReceiverResp    CommandID = 0x80000001
	BindTransmitter     CommandID = 0x00000002
	BindTransmitterResp CommandID = 0x80000002
	QuerySM             CommandID = 0x00000003
	QuerySMResp         CommandID = 0x80000003
	SubmitSM            CommandID = 0x00000004
	SubmitSMResp        CommandID = 0x80000004
	DeliverSM           CommandID = 0x00000005
	DeliverSMResp       CommandID = 0x80000005
	Unbind              CommandID = 0x00000006
	UnbindResp          CommandID = 0x80000006
	ReplaceSM           CommandID = 0x00000007
	ReplaceSMResp       CommandID = 0x80000007
	CancelSM            CommandID = 0x00000008
	CancelSMResp        CommandID = 0x80000008
	BindTransceiver     CommandID = 0x00000009
	BindTransceiverResp CommandID = 0x80000009
	Outbind             CommandID = 0x0000000B
	EnquireLink         CommandID = 0x00000015
	EnquireLinkResp     CommandID = 0x80000015
	SubmitMulti         CommandID = 0x00000021
	SubmitMultiResp     CommandID = 0x80000021
	AlertNotification   CommandID = 0x00000102
	DataSM              CommandID = 0x00000103
	DataSMResp          CommandID = 0x80000103
	GenericNack         CommandID = 0x80000000
)

const responseBit = 0x80000000

var requestNames = map[CommandID]string{
	BindReceiver: "bind_receiver", BindTransmitter: "bind_transmitter", BindTransceiver: "bind_transceiver",
	QuerySM: "query_sm", SubmitSM: "submit_sm", DeliverSM: "deliver_sm", Unbind: "unbind", ReplaceSM: "replace_sm",
	CancelSM: "cancel_sm", EnquireLink: "enquire_link", SubmitMulti: "submit_multi", DataSM: "data_sm",
}

// String gives the standard's name, "submit_sm"; an unknown command is "command_id 0x00000099".
func (id CommandID) String() string {
	switch id {
	case GenericNack:
		return "generic_nack"
	case Outbind:
		return "outbind"
	case AlertNotification:
		return "alert_notification"
	}
	name, ok := requestNames[id&^responseBit]
	if !ok {
		return fmt.Sprintf("command_id 0x%08x", uint32(id))
	}
	if id.IsResponse() {
		return name + "_resp"
	}
	return name
}

// IsResponse says whether the response bit is set; generic_nack is a response.
func (id CommandID) IsResponse() bool { return id&responseBit != 0 }

// Response gives the command that answers id; of a response, itself.
func (id CommandID) Response() CommandID { return id | responseBit }
