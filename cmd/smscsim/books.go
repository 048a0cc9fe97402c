package main

import (
	"encoding/hex"
	"encoding/json"
	"net/http"

	"harkara/smpp/smsctest"
)

// message is a message as /messages shows it.
type message struct {
	Source     string    `json:"source"`
	To         string    `json:"to"`
	DataCoding byte      `json:"data_coding"`
	Text       string    `json:"text"`
	Total      int       `json:"total"` // segments that the text has by its own account
	Segments   []segment `json:"segments"`
}

// segment is one accepted short message, or several with the same octets.
type segment struct {
	Number             int      `json:"number"`
	Times              int      `json:"times"` // how often it came
	IDs                []string `json:"ids"`
	Stats              []string `json:"stats"`
	Validity           string   `json:"validity"`
	ESMClass           byte     `json:"esm_class"`
	RegisteredDelivery byte     `json:"registered_delivery"`
	TLVs               []tlv    `json:"tlvs"`
	ReceiptsSent       int      `json:"receipts_sent"`
	ReceiptsAcked      int      `json:"receipts_acked"`
}

// tlv is one optional parameter in the order of the wire.
type tlv struct {
	Tag   string `json:"tag"`
	Hex   string `json:"hex"`
	Value string `json:"value,omitempty"` // where it is printable ASCII
}

// handler serves the books.
func handler(s *smsctest.SMSC) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Counters()) })
	mux.HandleFunc("GET /messages", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, messages(s.Books())) })
	return mux
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client has gone where this fails
}

// messages reveals the books: they are what the program is for, and --help says so.
func messages(books smsctest.Books) []message {
	all := make([]message, 0, len(books.Messages))
	for _, m := range books.Messages {
		shown := message{Source: m.Source, To: m.To.Digits(), DataCoding: m.DataCoding, Text: m.Text.Reveal(), Total: m.Total}
		for i := range m.Segments {
			shown.Segments = append(shown.Segments, showSegment(&m.Segments[i]))
		}
		all = append(all, shown)
	}
	return all
}

func showSegment(s *smsctest.Segment) segment {
	shown := segment{Number: s.Number, Times: s.Times(), IDs: s.IDs, Stats: s.Stats, Validity: s.SM.Validity,
		ESMClass: s.SM.ESMClass, RegisteredDelivery: s.SM.RegisteredDelivery, TLVs: []tlv{},
		ReceiptsSent: s.ReceiptsSent, ReceiptsAcked: s.ReceiptsAcked}
	for _, t := range s.SM.TLVs {
		one := tlv{Tag: t.Tag.String(), Hex: hex.EncodeToString(t.Value)}
		if isPrintable(t.Value) {
			one.Value = string(t.Value)
		}
		shown.TLVs = append(shown.TLVs, one)
	}
	return shown
}

func isPrintable(octets []byte) bool {
	for _, b := range octets {
		if b < ' ' || b > '~' {
			return false
		}
	}
	return true
}
