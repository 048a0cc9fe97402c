package console

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"harkara/smpp/bind"
	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

// TraceLine is one PDU of a bind's recorder; Hex is masked, and of its original length.
type TraceLine struct {
	At       time.Time  `json:"at"`
	SMSC     sms.SMSCID `json:"smsc"`
	Bind     int        `json:"bind"`
	Sent     bool       `json:"sent"` // by us
	Command  string     `json:"command"`
	Status   string     `json:"status"`
	Sequence uint32     `json:"sequence"`
	Hex      string     `json:"hex"`
}

// NewTraceLine makes a line of a record.
func NewTraceLine(r bind.Record) TraceLine {
	l := TraceLine{At: r.At.UTC(), SMSC: r.SMSC, Bind: r.Bind, Sent: r.Sent, Hex: hex.EncodeToString(r.Frame)}
	if len(r.Frame) >= pdu.HeaderLength {
		h := r.Frame.Header()
		l.Command, l.Status, l.Sequence = h.ID.String(), h.Status.String(), h.Seq
	}
	return l
}

// String writes the line for people, and for pdu decode, which reads what stands last.
func (l TraceLine) String() string {
	way := "<"
	if l.Sent {
		way = ">"
	}
	return fmt.Sprintf("%s %s/%d %s %-22s %10d %-16s %s", l.At.Format("2006-01-02T15:04:05.000000Z"), l.SMSC, l.Bind, way,
		l.Command, l.Sequence, l.Status, l.Hex)
}

// trace answers with the last PDUs of an SMSC's binds.
func trace(records func(sms.SMSCID) ([]bind.Record, bool)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := sms.SMSCID(r.URL.Query().Get("smsc"))
		list, ok := records(id)
		if !ok {
			http.Error(w, fmt.Sprintf("no SMSC %q in the configuration", id), http.StatusNotFound)
			return
		}
		lines := make([]TraceLine, len(list))
		for i, record := range list {
			lines[i] = NewTraceLine(record)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(lines) // the reader went away: nothing to be done
	}
}
