package pdu

import (
	"strings"
	"testing"
	"time"

	lib "github.com/fiorix/go-smpp/smpp/pdu"
	"github.com/fiorix/go-smpp/smpp/pdu/pdutlv"
)

// commands is every command with the standard's name (SMPP 3.4 §5.1.2.1).
var commands = map[CommandID]string{
	0x80000000: "generic_nack",
	0x00000001: "bind_receiver", 0x80000001: "bind_receiver_resp",
	0x00000002: "bind_transmitter", 0x80000002: "bind_transmitter_resp",
	0x00000003: "query_sm", 0x80000003: "query_sm_resp",
	0x00000004: "submit_sm", 0x80000004: "submit_sm_resp",
	0x00000005: "deliver_sm", 0x80000005: "deliver_sm_resp",
	0x00000006: "unbind", 0x80000006: "unbind_resp",
	0x00000007: "replace_sm", 0x80000007: "replace_sm_resp",
	0x00000008: "cancel_sm", 0x80000008: "cancel_sm_resp",
	0x00000009: "bind_transceiver", 0x80000009: "bind_transceiver_resp",
	0x0000000B: "outbind",
	0x00000015: "enquire_link", 0x80000015: "enquire_link_resp",
	0x00000021: "submit_multi", 0x80000021: "submit_multi_resp",
	0x00000102: "alert_notification",
	0x00000103: "data_sm", 0x80000103: "data_sm_resp",
}

func TestCommands(t *testing.T) {
	for id, want := range commands {
		if id.String() != want {
			t.Errorf("0x%08x is %q, want %q", uint32(id), id, want)
		}
		response := want == "generic_nack" || strings.HasSuffix(want, "_resp")
		if id.IsResponse() != response {
			t.Errorf("%s: IsResponse is %v", want, !response)
		}
		library := strings.ToLower(strings.ReplaceAll(want, "_", ""))
		if got := strings.ToLower(lib.ID(id).String()); got != library {
			t.Errorf("go-smpp calls %s %q", want, got)
		}
	}
	for id, want := range map[CommandID]string{
		0: "command_id 0x00000000", 0x99: "command_id 0x00000099", 0x8000000B: "command_id 0x8000000b",
		0x80000102: "command_id 0x80000102", 0xFFFFFFFF: "command_id 0xffffffff",
	} {
		if id.String() != want {
			t.Errorf("%q, want %q", id, want)
		}
	}
	if SubmitSM.Response() != SubmitSMResp || SubmitSMResp.Response() != SubmitSMResp {
		t.Error("the response of submit_sm is not submit_sm_resp")
	}
}

func TestStatusNames(t *testing.T) {
	for s, want := range map[Status]string{
		ESME_ROK: "ESME_ROK", ESME_RTHROTTLED: "ESME_RTHROTTLED", 0x14: "ESME_RMSGQFUL", 0xC3: "ESME_RMISSINGOPTPARAM",
		0x401: "0x00000401", 0x10: "0x00000010", 0xFFFFFFFF: "0xffffffff",
	} {
		if s.String() != want {
			t.Errorf("%q, want %q", s, want)
		}
	}
	// Every value that either side names is named by the other.
	for s := range Status(0x1000) {
		ours := !strings.HasPrefix(s.String(), "0x")
		if theirs := !strings.HasPrefix(lib.Status(s).Error(), "unknown status"); ours != theirs {
			t.Errorf("0x%x: ours %s, go-smpp's %s", uint32(s), s, lib.Status(s).Error())
		}
	}
}

func TestTagNames(t *testing.T) {
	for tag, want := range map[Tag]string{
		0x001E: "receipted_message_id", 0x0427: "message_state", 0x0423: "network_error_code",
		0x0424: "message_payload", 0x020C: "sar_msg_ref_num", 0x0204: "user_message_reference",
		0x0210: "SC_interface_version", 0x1400: "0x1400", 0: "0x0000",
	} {
		if tag.String() != want {
			t.Errorf("%q, want %q", tag, want)
		}
	}
	theirs := []pdutlv.Tag{
		pdutlv.TagDestAddrSubunit, pdutlv.TagDestNetworkType, pdutlv.TagDestBearerType, pdutlv.TagDestTelematicsID,
		pdutlv.TagSourceAddrSubunit, pdutlv.TagSourceNetworkType, pdutlv.TagSourceBearerType,
		pdutlv.TagSourceTelematicsID, pdutlv.TagQosTimeToLive, pdutlv.TagPayloadType,
		pdutlv.TagAdditionalStatusInfoText, pdutlv.TagReceiptedMessageID, pdutlv.TagMsMsgWaitFacilities,
		pdutlv.TagPrivacyIndicator, pdutlv.TagSourceSubaddress, pdutlv.TagDestSubaddress,
		pdutlv.TagUserMessageReference, pdutlv.TagUserResponseCode, pdutlv.TagSourcePort, pdutlv.TagDestinationPort,
		pdutlv.TagSarMsgRefNum, pdutlv.TagLanguageIndicator, pdutlv.TagSarTotalSegments, pdutlv.TagSarSegmentSeqnum,
		pdutlv.TagCallbackNumPresInd, pdutlv.TagCallbackNumAtag, pdutlv.TagNumberOfMessages, pdutlv.TagCallbackNum,
		pdutlv.TagDpfResult, pdutlv.TagSetDpf, pdutlv.TagMsAvailabilityStatus, pdutlv.TagNetworkErrorCode,
		pdutlv.TagMessagePayload, pdutlv.TagDeliveryFailureReason, pdutlv.TagMoreMessagesToSend,
		pdutlv.TagMessageStateOption, pdutlv.TagUssdServiceOp, pdutlv.TagDisplayTime, pdutlv.TagSmsSignal,
		pdutlv.TagMsValidity, pdutlv.TagAlertOnMessageDelivery, pdutlv.TagItsReplyType, pdutlv.TagItsSessionInfo,
	}
	for _, tag := range theirs {
		if strings.HasPrefix(Tag(tag).String(), "0x") {
			t.Errorf("go-smpp names the tag 0x%04x", uint16(tag))
		}
	}
	if len(theirs)+1 != len(tagNames) { // go-smpp lacks SC_interface_version
		t.Errorf("%d tags have names, go-smpp has %d", len(tagNames), len(theirs))
	}
}

func TestRelativeValidity(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour:                "000000000001000R",
		0:                         "000000000001000R",
		999 * time.Millisecond:    "000000000001000R",
		1999 * time.Millisecond:   "000000000001000R",
		59 * time.Second:          "000000000059000R",
		time.Minute:               "000000000100000R",
		5 * time.Minute:           "000000000500000R",
		4 * time.Hour:             "000000040000000R",
		24*time.Hour - 1:          "000000235959000R",
		24 * time.Hour:            "000001000000000R",
		31*24*time.Hour - 1:       "000030235959000R",
		31 * 24 * time.Hour:       "000031000000000R",
		1000 * 24 * time.Hour:     "000031000000000R",
		time.Duration(1<<63 - 1):  "000031000000000R",
		time.Duration(-(1 << 62)): "000000000001000R",
	} {
		if got := RelativeValidity(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func BenchmarkRelativeValidity(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = RelativeValidity(293 * time.Second)
	}
}
