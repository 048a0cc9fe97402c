package session

import "harkara/smpp/pdu"

// standardRules is every status of SMPP 3.4 §5.1.3, in the order of the numbers.
//
// Submit: fields that an SMSC's own settings decide (the header, TON and NPI, TLVs, validity, esm_class) are Elsewhere,
// since what one SMSC's settings get wrong, another's may get right. BadPDU is for what should never be the answer to a
// submit: the SMSC read something else than was written.
//
// Bind: ESME_RBINDFAIL says nothing of its reason and is mostly a wrong password. ESME_RTHROTTLED and ESME_RMSGQFUL are
// what some SMSCs say to one session too many.
var standardRules = []Rule{
	{pdu.ESME_ROK, Accepted, Network, "no error"},
	{pdu.ESME_RINVMSGLEN, BadPDU, Network, "the length of the message is invalid"},
	{pdu.ESME_RINVCMDLEN, BadPDU, Network, "the length of the PDU is invalid"},
	{pdu.ESME_RINVCMDID, BadPDU, Network, "the SMSC does not know the command"},
	{pdu.ESME_RINVBNDSTS, Elsewhere, Network, "the command does not fit the state of the bind"},
	{pdu.ESME_RALYBND, Elsewhere, Occupied, "the account is bound already"},
	{pdu.ESME_RINVPRTFLG, Elsewhere, Network, "priority_flag is invalid"},
	{pdu.ESME_RINVREGDLVFLG, Elsewhere, Network, "registered_delivery is invalid"},
	{pdu.ESME_RSYSERR, Elsewhere, Network, "the SMSC has a fault of its own"},
	{pdu.ESME_RINVSRCADR, Elsewhere, Network, "the source address (the header) is not allowed on this account"},
	{pdu.ESME_RINVDSTADR, Refused, Network, "the destination address (the number) is invalid"},
	{pdu.ESME_RINVMSGID, BadPDU, Network, "the SMSC does not know the message_id"},
	{pdu.ESME_RBINDFAIL, Elsewhere, Credentials, "the bind failed"},
	{pdu.ESME_RINVPASWD, Elsewhere, Credentials, "the password is wrong"},
	{pdu.ESME_RINVSYSID, Elsewhere, Credentials, "the system_id is wrong"},
	{pdu.ESME_RCANCELFAIL, BadPDU, Network, "cancel_sm failed"},
	{pdu.ESME_RREPLACEFAIL, BadPDU, Network, "replace_sm failed"},
	{pdu.ESME_RMSGQFUL, QueueFull, Occupied, "the SMSC's queue is full"},
	{pdu.ESME_RINVSERTYP, Elsewhere, Network, "service_type is invalid"},
	{pdu.ESME_RINVNUMDESTS, BadPDU, Network, "the number of destinations is invalid"},
	{pdu.ESME_RINVDLNAME, BadPDU, Network, "the name of the distribution list is invalid"},
	{pdu.ESME_RINVDESTFLAG, BadPDU, Network, "the destination flag of a submit_multi is invalid"},
	{pdu.ESME_RINVSUBREP, BadPDU, Network, "submit with replace is not possible"},
	{pdu.ESME_RINVESMCLASS, Elsewhere, Network, "esm_class is invalid"},
	{pdu.ESME_RCNTSUBDL, BadPDU, Network, "the SMSC can't submit to a distribution list"},
	{pdu.ESME_RSUBMITFAIL, Elsewhere, Network, "the submit failed"},
	{pdu.ESME_RINVSRCTON, Elsewhere, Network, "the source address's TON is invalid"},
	{pdu.ESME_RINVSRCNPI, Elsewhere, Network, "the source address's NPI is invalid"},
	{pdu.ESME_RINVDSTTON, Elsewhere, Network, "the destination address's TON is invalid"},
	{pdu.ESME_RINVDSTNPI, Elsewhere, Network, "the destination address's NPI is invalid"},
	{pdu.ESME_RINVSYSTYP, Elsewhere, Credentials, "the system_type is wrong"},
	{pdu.ESME_RINVREPFLAG, Elsewhere, Network, "replace_if_present_flag is invalid"},
	{pdu.ESME_RINVNUMMSGS, BadPDU, Network, "the number of messages is invalid"},
	{pdu.ESME_RTHROTTLED, Throttled, Occupied, "more messages a second than the SMSC allows"},
	{pdu.ESME_RINVSCHED, Elsewhere, Network, "schedule_delivery_time is invalid"},
	{pdu.ESME_RINVEXPIRY, Elsewhere, Network, "validity_period is invalid"},
	{pdu.ESME_RINVDFTMSGID, Elsewhere, Network, "sm_default_msg_id is invalid or its message is missing"},
	{pdu.ESME_RX_T_APPN, Elsewhere, Network, "the receiver has a passing error"},
	{pdu.ESME_RX_P_APPN, Refused, Network, "the receiver has a permanent error"},
	{pdu.ESME_RX_R_APPN, Refused, Network, "the receiver rejects the message"},
	{pdu.ESME_RQUERYFAIL, BadPDU, Network, "query_sm failed"},
	{pdu.ESME_RINVOPTPARSTREAM, Elsewhere, Network, "the TLVs can't be read"},
	{pdu.ESME_ROPTPARNOTALLWD, Elsewhere, Network, "a TLV is not allowed"},
	{pdu.ESME_RINVPARLEN, Elsewhere, Network, "the length of a TLV is invalid"},
	{pdu.ESME_RMISSINGOPTPARAM, Elsewhere, Network, "a TLV that the SMSC expects is missing"},
	{pdu.ESME_RINVOPTPARAMVAL, Elsewhere, Network, "the value of a TLV is invalid"},
	{pdu.ESME_RDELIVERYFAILURE, Refused, Network, "the delivery failed"},
	{pdu.ESME_RUNKNOWNERR, Elsewhere, Network, "the SMSC does not know the error"},
}
