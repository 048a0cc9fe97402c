package session

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"harkara/smpp/pdu"
)

// commands are the names that the conversations use.
var commands = func() map[string]pdu.CommandID {
	names := map[string]pdu.CommandID{}
	for _, id := range []pdu.CommandID{
		pdu.BindReceiver, pdu.BindTransmitter, pdu.BindTransceiver, pdu.SubmitSM, pdu.DeliverSM, pdu.DataSM, pdu.Unbind,
		pdu.EnquireLink, pdu.QuerySM, pdu.CancelSM,
	} {
		names[id.String()], names[id.Response().String()] = id, id.Response()
	}
	for _, id := range []pdu.CommandID{pdu.GenericNack, pdu.Outbind, pdu.AlertNotification} {
		names[id.String()] = id
	}
	names["unheard_of"] = 0x00010203
	names["unheard_of_resp"] = 0x80010203
	return names
}()

var events = strings.Fields("config open stop close again submit ask receive answer tick wait hold flush")

// arguments reads the name=value words.
func arguments(words []string) (map[string]string, error) {
	args := map[string]string{}
	for _, word := range words[1:] {
		if name, value, ok := strings.Cut(word, "="); ok {
			args[name] = value
		}
	}
	if !slices.Contains(events, words[0]) {
		return nil, errors.New("no such event")
	}
	if words[0] == "receive" || words[0] == "answer" || words[0] == "ask" {
		if _, ok := commands[words[1]]; !ok {
			return nil, fmt.Errorf("no command %q", words[1])
		}
	}
	return args, nil
}

// frame builds the PDU of a receive line.
func frame(name string, args map[string]string) pdu.Frame {
	id := commands[name]
	seq, _ := strconv.ParseUint(args["seq"], 0, 32)
	status, _ := strconv.ParseUint(args["status"], 0, 32)
	var f []byte
	switch body, given := args["body"]; {
	case given:
		octets, _ := hex.DecodeString(body)
		f = append(pdu.AppendHeader(nil, id, pdu.Status(status), uint32(seq)), octets...)
		f[3] = byte(len(f))
	case id == pdu.DeliverSM || id == pdu.DataSM:
		f, _ = pdu.AppendSM(nil, id, uint32(seq), &pdu.SM{Source: "919800000001", Dest: "ACMEBK"})
	case id == pdu.SubmitSMResp:
		f = pdu.AppendResp(nil, id, pdu.Status(status), uint32(seq), args["id"])
	case id == pdu.QuerySMResp && args["state"] != "":
		state, _ := strconv.ParseUint(args["state"], 0, 8)
		f = pdu.AppendQueryResp(nil, pdu.Status(status), uint32(seq), &pdu.QueryAnswer{MessageID: "00af", State: byte(state)})
	case id == pdu.BindTransceiverResp:
		f = pdu.AppendBindResp(nil, id, pdu.Status(status), uint32(seq), "made-up")
	default:
		f = pdu.AppendHeader(nil, id, pdu.Status(status), uint32(seq))
	}
	return f
}
