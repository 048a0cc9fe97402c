package pdu

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	lib "github.com/fiorix/go-smpp/smpp/pdu"
	"github.com/fiorix/go-smpp/smpp/pdu/pdufield"
	"github.com/fiorix/go-smpp/smpp/pdu/pdutlv"
	"pgregory.net/rapid"

	"harkara/smpp/sms"
)

// libraryDecode reads one PDU by go-smpp, or nothing where it panics (some malformed bodies make it).
func libraryDecode(b []byte) (decoded lib.Body, err error) {
	return decodeByLibrary(ParseHeader(b), b[HeaderLength:])
}

// libraryText is a C-octet string of go-smpp's; it keeps the NUL.
func libraryText(d lib.Body, name pdufield.Name) string {
	if v, ok := d.Fields()[name].(*pdufield.Variable); ok {
		return v.String()
	}
	return "(missing)"
}

func libraryOctet(d lib.Body, name pdufield.Name) byte {
	if v, ok := d.Fields()[name].(*pdufield.Fixed); ok {
		return v.Data
	}
	return 0xEE
}

// librarySM gives what go-smpp read as an SM. It parts a user data header from the text of a deliver_sm, so a test
// that compares whole texts leaves that bit out.
func librarySM(d lib.Body) *SM {
	text := func(n pdufield.Name) string { return libraryText(d, n) }
	octet := func(n pdufield.Name) byte { return libraryOctet(d, n) }
	m := &SM{
		ServiceType: text(pdufield.ServiceType),
		SourceTON:   octet(pdufield.SourceAddrTON), SourceNPI: octet(pdufield.SourceAddrNPI), Source: text(pdufield.SourceAddr),
		DestTON: octet(pdufield.DestAddrTON), DestNPI: octet(pdufield.DestAddrNPI), Dest: text(pdufield.DestinationAddr),
		ESMClass: octet(pdufield.ESMClass), ProtocolID: octet(pdufield.ProtocolID), Priority: octet(pdufield.PriorityFlag),
		ScheduleDelivery: text(pdufield.ScheduleDeliveryTime), Validity: text(pdufield.ValidityPeriod),
		RegisteredDelivery: octet(pdufield.RegisteredDelivery), ReplaceIfPresent: octet(pdufield.ReplaceIfPresentFlag),
		DataCoding: octet(pdufield.DataCoding), DefaultMessageID: octet(pdufield.SMDefaultMsgID),
	}
	if v, ok := d.Fields()[pdufield.ShortMessage].(*pdufield.SM); ok {
		m.ShortMessage = v.Data
	}
	return m
}

// printable draws what names and addresses are made of.
var printable = rapid.RuneFrom([]rune("ABCXYZabcxyz0123456789+-^_ "))

// drawSM draws an SM that the standard allows, its tags all different, as go-smpp keeps one value a tag.
func drawSM(t *rapid.T) *SM {
	text := func(name string, limit int) string {
		return rapid.StringOfN(printable, 0, limit, limit).Draw(t, name)
	}
	time := func(name string) string {
		return rapid.SampledFrom([]string{"", "000000000500000R", "261122101112000+"}).Draw(t, name)
	}
	octet := func(name string) byte { return rapid.Byte().Draw(t, name) }
	m := &SM{
		ServiceType: text("service_type", 5),
		SourceTON:   octet("source_addr_ton"), SourceNPI: octet("source_addr_npi"), Source: text("source_addr", 20),
		DestTON: octet("dest_addr_ton"), DestNPI: octet("dest_addr_npi"), Dest: text("destination_addr", 20),
		ESMClass: octet("esm_class"), ProtocolID: octet("protocol_id"), Priority: octet("priority_flag"),
		ScheduleDelivery: time("schedule_delivery_time"), Validity: time("validity_period"),
		RegisteredDelivery: octet("registered_delivery"), ReplaceIfPresent: octet("replace_if_present_flag"),
		DataCoding: octet("data_coding"), DefaultMessageID: octet("sm_default_msg_id"),
		ShortMessage: rapid.SliceOfN(rapid.Byte(), 0, 254).Draw(t, "short_message"),
	}
	for _, tag := range rapid.SliceOfNDistinct(rapid.Uint16(), 0, 5, rapid.ID[uint16]).Draw(t, "tags") {
		if Tag(tag) != TagMessagePayload {
			m.TLVs = append(m.TLVs, TLV{Tag(tag), rapid.SliceOfN(rapid.Byte(), 0, 70).Draw(t, "value")})
		}
	}
	return m
}

func TestSMRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, want := drawSM(t), SM{}
		id := rapid.SampledFrom([]CommandID{SubmitSM, DeliverSM, DataSM}).Draw(t, "id")
		seq := rapid.Uint32().Draw(t, "seq")
		want = *m
		if id == DataSM { // the subset that a data_sm has
			m.ShortMessage = nil
			want = SM{ServiceType: m.ServiceType, SourceTON: m.SourceTON, SourceNPI: m.SourceNPI, Source: m.Source,
				DestTON: m.DestTON, DestNPI: m.DestNPI, Dest: m.Dest, ESMClass: m.ESMClass,
				RegisteredDelivery: m.RegisteredDelivery, DataCoding: m.DataCoding, TLVs: m.TLVs}
		}
		b, err := AppendSM(nil, id, seq, m)
		if err != nil {
			t.Fatal(err)
		}
		if h := Frame(b).Header(); h != (Header{uint32(len(b)), id, ESME_ROK, seq}) {
			t.Fatalf("%+v for %d octets", h, len(b))
		}
		got := SM{TLVs: make([]TLV, 3)}
		if err := ParseSM(b, &got); err != nil {
			t.Fatal(err)
		}
		if !sameSM(&got, &want) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
	})
}

func TestLibraryReadsOurSM(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawSM(t)
		id := rapid.SampledFrom([]CommandID{SubmitSM, DeliverSM}).Draw(t, "id")
		if id == DeliverSM {
			m.ESMClass &^= ESMClassUDHI
		}
		b, err := AppendSM(nil, id, rapid.Uint32Min(1).Draw(t, "seq"), m)
		if err != nil {
			t.Fatal(err)
		}
		d, err := libraryDecode(b)
		if err != nil {
			t.Fatal(err)
		}
		got := librarySM(d)
		for _, tlv := range m.TLVs { // in our order: go-smpp has none
			if v, ok := d.TLVFields()[pdutlv.Tag(tlv.Tag)]; ok {
				got.TLVs = append(got.TLVs, TLV{tlv.Tag, v.Bytes()})
			}
		}
		if !sameSM(got, m) || len(d.TLVFields()) != len(m.TLVs) {
			t.Fatalf("go-smpp read %+v\nwant         %+v", got, m)
		}
	})
}

func TestWeReadTheLibrarysSM(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawSM(t)
		fields := pdutlv.Fields{}
		for _, tlv := range want.TLVs {
			fields[pdutlv.Tag(tlv.Tag)] = tlv.Value
		}
		d := lib.NewSubmitSM(fields)
		for name, value := range map[pdufield.Name]any{
			pdufield.ServiceType: want.ServiceType, pdufield.SourceAddrTON: want.SourceTON,
			pdufield.SourceAddrNPI: want.SourceNPI, pdufield.SourceAddr: want.Source,
			pdufield.DestAddrTON: want.DestTON, pdufield.DestAddrNPI: want.DestNPI,
			pdufield.DestinationAddr: want.Dest, pdufield.ESMClass: want.ESMClass,
			pdufield.ProtocolID: want.ProtocolID, pdufield.PriorityFlag: want.Priority,
			pdufield.ScheduleDeliveryTime: want.ScheduleDelivery, pdufield.ValidityPeriod: want.Validity,
			pdufield.RegisteredDelivery: want.RegisteredDelivery, pdufield.ReplaceIfPresentFlag: want.ReplaceIfPresent,
			pdufield.DataCoding: want.DataCoding, pdufield.SMDefaultMsgID: want.DefaultMessageID,
			pdufield.ShortMessage: want.ShortMessage,
		} {
			if err := d.Fields().Set(name, value); err != nil {
				t.Fatal(err)
			}
		}
		d.Header().Seq = 5
		var b bytes.Buffer
		if err := d.SerializeTo(&b); err != nil {
			t.Fatal(err)
		}
		var got SM
		if err := ParseSM(b.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		ordered := got
		ordered.TLVs = nil
		for _, tlv := range want.TLVs {
			if v, ok := got.TLV(tlv.Tag); ok {
				ordered.TLVs = append(ordered.TLVs, TLV{tlv.Tag, v})
			}
		}
		if !sameSM(&ordered, want) || len(got.TLVs) != len(want.TLVs) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
		// Byte for byte, but for go-smpp's order of TLVs.
		ours, err := AppendSM(nil, SubmitSM, 5, &got)
		if err != nil || !bytes.Equal(ours, b.Bytes()) {
			t.Fatalf("ours %x\nits  %x, %v", ours, b.Bytes(), err)
		}
	})
}

func TestLibraryReadsOurBinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string, limit int) string {
			return rapid.StringOfN(printable, 0, limit, limit).Draw(t, name)
		}
		want := Bind{SystemID: text("system_id", 15), Password: sms.Secret(text("password", 8)),
			SystemType: text("system_type", 12), InterfaceVersion: rapid.Byte().Draw(t, "version"),
			AddrTON: rapid.Byte().Draw(t, "ton"), AddrNPI: rapid.Byte().Draw(t, "npi"), AddressRange: text("range", 40)}
		id := rapid.SampledFrom([]CommandID{BindReceiver, BindTransmitter, BindTransceiver}).Draw(t, "id")
		seq := rapid.Uint32Range(1, math.MaxUint32).Draw(t, "seq")
		b, err := AppendBind(nil, id, seq, &want)
		if err != nil {
			t.Fatal(err)
		}
		d, err := libraryDecode(b)
		if err != nil {
			t.Fatal(err)
		}
		got := Bind{libraryText(d, pdufield.SystemID), sms.Secret(libraryText(d, pdufield.Password)),
			libraryText(d, pdufield.SystemType), libraryOctet(d, pdufield.InterfaceVersion),
			libraryOctet(d, pdufield.AddrTON), libraryOctet(d, pdufield.AddrNPI), libraryText(d, pdufield.AddressRange)}
		if got != want || d.Header().Seq != seq || d.Header().ID != lib.ID(id) {
			t.Fatalf("go-smpp read %+v %+v", d.Header(), got)
		}
		var out bytes.Buffer
		if err := d.SerializeTo(&out); err != nil || !bytes.Equal(out.Bytes(), b) {
			t.Fatalf("go-smpp wrote %x, want %x, %v", out.Bytes(), b, err)
		}
		if back, err := ParseBind(b); err != nil || back != want {
			t.Fatalf("%+v, %v", back, err)
		}
	})
}

func TestLibraryReadsOurResponses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.SampledFrom([]CommandID{SubmitSMResp, DeliverSMResp}).Draw(t, "id")
		message := rapid.StringOfN(printable, 0, 64, 64).Draw(t, "message_id")
		d, err := libraryDecode(AppendResp(nil, id, ESME_ROK, 9, message))
		if err != nil || libraryText(d, pdufield.MessageID) != message || d.Header().Seq != 9 {
			t.Fatalf("go-smpp read %q, %v", libraryText(d, pdufield.MessageID), err)
		}
		bind := rapid.SampledFrom([]CommandID{BindReceiverResp, BindTransmitterResp, BindTransceiverResp}).Draw(t, "bind")
		d, err = libraryDecode(AppendBindResp(nil, bind, ESME_ROK, 9, "smsc"))
		if err != nil || libraryText(d, pdufield.SystemID) != "smsc" || d.TLVFields()[0x0210] == nil {
			t.Fatalf("go-smpp read %q, %v", libraryText(d, pdufield.SystemID), err)
		}
	})
}

func FuzzParseSM(f *testing.F) {
	ours, err := AppendSM(nil, SubmitSM, 0xFFFFFFFF, dltSM())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(ours[4:])
	f.Add([]byte(receiptFrame(f)[4:]))
	for _, body := range []string{
		"",    // no body
		"CMT", // a NUL is missing
		"\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00\x00\x01\x00\x00\x00\x00",                 // UDHI and no text
		"\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00\x00\x01\x00\x00\x00\x01\x09",             // a header past the end
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x14\x00\xff\xff", // a TLV past the end
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff",                 // sm_length past the end
	} {
		for _, id := range []CommandID{SubmitSM, DeliverSM, DataSM} {
			f.Add(append(AppendHeader(nil, id, 0, 0), body...)[4:])
		}
	}
	f.Fuzz(func(t *testing.T, rest []byte) { // the PDU behind its command_length
		if len(rest) < 12 || len(rest)+4 > MaxLength {
			return
		}
		frame := Frame(setLength(append(make([]byte, 4), rest...), 0))
		var m SM
		err := ParseSM(frame, &m)
		var text SM
		bare := m
		bare.ServiceType, bare.Source, bare.Dest, bare.ScheduleDelivery, bare.Validity = "", "", "", "", ""
		if bareErr := ParseText(frame, &text); fmt.Sprint(bareErr) != fmt.Sprint(err) || !sameSM(&text, &bare) {
			t.Fatalf("ParseText: %+v, %v; want %+v, %v", text, bareErr, bare, err)
		}
		id := frame.Header().ID
		if err != nil || id != SubmitSM && id != DeliverSM {
			return // go-smpp has no data_sm, and takes bodies that are cut
		}
		d, libErr := libraryDecode(frame)
		if len(frame) <= lib.MaxSize && m.ESMClass&ESMClassUDHI == 0 {
			if libErr != nil {
				t.Fatalf("we read what go-smpp does not: %v", libErr)
			}
			got := librarySM(d)
			got.TLVs = m.TLVs
			if !sameSM(got, &m) {
				t.Fatalf("go-smpp %+v\nours    %+v", got, m)
			}
			last := map[Tag][]byte{} // go-smpp keeps the last of several
			for _, tlv := range m.TLVs {
				last[tlv.Tag] = tlv.Value
			}
			for tag, value := range last {
				if v := d.TLVFields()[pdutlv.Tag(tag)]; v == nil || !bytes.Equal(v.Bytes(), value) {
					t.Fatalf("TLV %s: go-smpp %v, ours %x", tag, v, value)
				}
			}
		}
		again, err := AppendSM(nil, id, frame.Header().Seq, &m)
		if err != nil {
			return // longer than the standard allows, as SMSCs do send
		}
		if !bytes.Equal(again[12:], frame[12:]) || !bytes.Equal(again[:8], frame[:8]) {
			t.Fatalf("read  %x\nwrote %x", []byte(frame), again)
		}
	})
}

func FuzzParseBind(f *testing.F) {
	ours, err := AppendBind(nil, BindTransceiver, 1, &Bind{SystemID: "harkara", Password: "pw", AddressRange: "^91"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(BindTransceiver), ours[16:])
	f.Add(uint32(BindReceiver), []byte{})
	f.Add(uint32(BindTransmitter), []byte("no NUL"))
	f.Add(uint32(BindReceiverResp), []byte("smsc\x00\x02\x10\x00\x05\x34"))
	f.Add(uint32(SubmitSMResp), []byte("id"))
	f.Fuzz(func(t *testing.T, command uint32, body []byte) {
		if len(body) > MaxLength-HeaderLength {
			return
		}
		frame := Frame(setLength(append(AppendHeader(nil, CommandID(command), 0, 1), body...), 0))
		_, _ = ParseMessageID(frame)
		_, _, _ = ParseBindResp(frame)
		b, err := ParseBind(frame)
		if err != nil {
			return
		}
		again, err := AppendBind(nil, CommandID(command), 1, &b)
		if err == nil && !bytes.Equal(again, frame) {
			t.Fatalf("read  %x\nwrote %x", []byte(frame), again)
		}
	})
}

func BenchmarkLibrary(b *testing.B) {
	b.Run("AppendSM", func(b *testing.B) {
		m := dltSM()
		b.ReportAllocs()
		for b.Loop() {
			d := lib.NewSubmitSM(pdutlv.Fields{0x1400: m.TLVs[0].Value, 0x1401: m.TLVs[1].Value, 0x1402: m.TLVs[2].Value})
			f := d.Fields()
			_ = f.Set(pdufield.SourceAddrTON, m.SourceTON)
			_ = f.Set(pdufield.SourceAddr, m.Source)
			_ = f.Set(pdufield.DestAddrTON, m.DestTON)
			_ = f.Set(pdufield.DestAddrNPI, m.DestNPI)
			_ = f.Set(pdufield.DestinationAddr, m.Dest)
			_ = f.Set(pdufield.ValidityPeriod, m.Validity)
			_ = f.Set(pdufield.RegisteredDelivery, m.RegisteredDelivery)
			_ = f.Set(pdufield.ShortMessage, m.ShortMessage)
			if err := d.SerializeTo(&bytes.Buffer{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ParseSM", func(b *testing.B) {
		f := receiptFrame(b)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := lib.Decode(bytes.NewReader(f)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
