package session

import (
	"fmt"
	"testing"

	"harkara/smpp/pdu"
)

func TestClassify(t *testing.T) {
	want := map[Verdict][]pdu.Status{
		Accepted:  {0x00},
		Throttled: {0x58},
		QueueFull: {0x14},
		Elsewhere: {
			0x04, 0x05, 0x06, 0x07, 0x08, 0x0A, 0x0D, 0x0E, 0x0F, 0x15, 0x43, 0x45, 0x48, 0x49, 0x50, 0x51, 0x53, 0x54,
			0x61, 0x62, 0x63, 0x64, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xFF,
		},
		BadPDU:  {0x01, 0x02, 0x03, 0x0C, 0x11, 0x13, 0x33, 0x34, 0x40, 0x42, 0x44, 0x55, 0x67},
		Refused: {0x0B, 0x65, 0x66, 0xFE, 0x09, 0x10, 0x100, 0x400, 0x401, 0x4FF, 0x500, 0xFFFFFFFF},
	}
	for verdict, statuses := range want {
		for _, status := range statuses {
			if got := Classify(status); got != verdict {
				t.Errorf("Classify(%v) = %v, want %v", status, got, verdict)
			}
		}
	}
}

func TestVerdictWords(t *testing.T) {
	var words []string
	for v := Accepted; v <= Unsent+1; v++ {
		words = append(words, fmt.Sprintf("%s %v", v, v.Retryable()))
	}
	want := "[accepted false throttled true queue_full true elsewhere true refused false bad_pdu false in_doubt false " +
		"lapsed false unsent true unknown false]"
	if got := fmt.Sprint(words); got != want {
		t.Errorf("verdicts and whether retryable:\n%s\nwant\n%s", got, want)
	}
}

func TestBindFaults(t *testing.T) {
	for status, want := range map[pdu.Status]BindFault{
		pdu.ESME_RINVPASWD: Credentials, pdu.ESME_RINVSYSID: Credentials, pdu.ESME_RBINDFAIL: Credentials,
		pdu.ESME_RINVSYSTYP: Credentials, pdu.ESME_RALYBND: Occupied, pdu.ESME_RTHROTTLED: Occupied,
		pdu.ESME_RMSGQFUL: Occupied, pdu.ESME_RSYSERR: Network, 0x401: Network,
	} {
		if got := (&BindError{Status: status}).Fault(); got != want {
			t.Errorf("a bind refused with %v is fault %d, want %d", status, got, want)
		}
	}
}
