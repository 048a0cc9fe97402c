package session

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"harkara/smpp/pdu"
)

// TestTheTableOfEventsIsTrue holds the conversations against the table of doc.go: every cell is visited by one, none
// that can't be is, and each event did what its cell says.
func TestTheTableOfEventsIsTrue(t *testing.T) {
	table, legend := readDoc(t)
	visited := map[cell]bool{}
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range replay(t, string(text)).visits {
			visited[v.cell] = true
			word, ok := table[v.cell]
			busy := slices.ContainsFunc(v.rows, func(row string) bool { return table[cell{row, v.state}] != "–" })
			if !ok || word == "·" {
				t.Errorf("%s, %q: %q while %s can't be by the table (%q)", file, v.line, v.row, v.state, word)
			} else if !outcomes[word](v.done) && (word != "–" || !busy) {
				t.Errorf("%s, %q: %q while %s did %+v, not %q", file, v.line, v.row, v.state, v.done, word)
			}
		}
	}
	for c, word := range table {
		if !visited[c] && word != "·" {
			t.Errorf("no conversation visits %q while %s", c.row, c.state)
		}
		if outcomes[word] == nil || !legend[word] {
			t.Errorf("%q is not explained", word)
		}
	}
}

// cell is one of the table.
type cell struct {
	row   string
	state State
}

// visit is an event of a conversation in its cell; rows are all that the event was in.
type visit struct {
	cell
	line string
	done done
	rows []string
}

// done is what an event did.
type done struct {
	panicked, failed bool
	sent             []pdu.Header
	results          []Result[string]
	handed           int
	unknown          uint64
	freed            int
	state            State
	moved            bool // to another state
}

func (d *done) send(id pdu.CommandID, status pdu.Status) bool {
	return slices.ContainsFunc(d.sent, func(h pdu.Header) bool { return h.ID == id && h.Status == status })
}

func (d *done) respond(status pdu.Status) bool {
	return slices.ContainsFunc(d.sent, func(h pdu.Header) bool { return h.ID.IsResponse() && h.Status == status })
}

func (d *done) result(is func(*Result[string]) bool) bool {
	return slices.ContainsFunc(d.results, func(r Result[string]) bool { return is(&r) })
}

func (d *done) quiet() bool {
	return !d.panicked && !d.failed && len(d.sent)+len(d.results)+d.handed == 0 && !d.moved
}

func (d *done) to(s State) bool { return d.moved && d.state == s }

// outcomes says for each word of the table whether an event did that.
var outcomes = map[string]func(done) bool{
	"·":       func(done) bool { return false },
	"–":       func(d done) bool { return d.quiet() && d.unknown == 0 },
	"panic":   func(d done) bool { return d.panicked },
	"bind":    func(d done) bool { return len(d.sent) == 1 && d.to(Binding) },
	"bound":   func(d done) bool { return d.to(Bound) },
	"closed":  func(d done) bool { return d.to(Closed) },
	"send":    func(d done) bool { return len(d.sent) == 1 && !d.sent[0].ID.IsResponse() },
	"error":   func(d done) bool { return d.failed && len(d.sent)+len(d.results) == 0 },
	"unknown": func(d done) bool { return d.unknown == 1 && d.quiet() },
	"result":  func(d done) bool { return d.result(func(r *Result[string]) bool { return !r.Late }) },
	"bad_pdu": func(d done) bool {
		return d.unknown == 1 && d.result(func(r *Result[string]) bool { return r.Verdict == BadPDU })
	},
	"late": func(d done) bool {
		return d.freed <= 1 && d.result(func(r *Result[string]) bool { return r.Late }) // an overdue one holds no slot
	},
	"refuse":  func(d done) bool { return d.respond(pdu.ESME_RINVBNDSTS) && d.handed == 0 },
	"hand on": func(d done) bool { return d.handed == 1 && len(d.sent) == 0 },
	"busy": func(d done) bool {
		return d.handed == 0 && (d.respond(pdu.ESME_RX_T_APPN) || d.respond(pdu.ESME_RMSGQFUL))
	},
	"syserr":   func(d done) bool { return d.respond(pdu.ESME_RSYSERR) && d.unknown == 1 },
	"respond":  func(d done) bool { return len(d.sent) > 0 && d.sent[0].ID.IsResponse() },
	"lives":    func(d done) bool { return d.quiet() && d.unknown == 0 },
	"good-bye": func(d done) bool { return d.send(pdu.UnbindResp, 0) && d.to(Closed) },
	"nack": func(d done) bool {
		return d.unknown == 1 && (d.send(pdu.GenericNack, pdu.ESME_RINVBNDSTS) || d.send(pdu.GenericNack, pdu.ESME_RINVCMDID))
	},
	"drain":    func(d done) bool { return d.to(Draining) || d.to(Unbinding) },
	"unbind":   func(d done) bool { return d.send(pdu.Unbind, 0) && d.to(Unbinding) },
	"probe":    func(d done) bool { return d.send(pdu.EnquireLink, 0) },
	"in doubt": func(d done) bool { return d.result(func(r *Result[string]) bool { return r.Verdict == InDoubt }) },
	"free":     func(d done) bool { return d.freed > 0 },
	"close":    func(d done) bool { return d.state == Closed },
}

// readDoc reads the table and the legend out of doc.go.
func readDoc(t *testing.T) (table map[cell]string, legend map[string]bool) {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	table, legend = map[cell]string{}, map[string]bool{}
	states := []State{Opening, Binding, Bound, Draining, Unbinding, Closed}
	var columns []int
	var event string
	for line := range strings.Lines(string(text)) {
		line, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "//\t")
		switch {
		case !ok:
			columns = nil
		case strings.HasPrefix(line, "event "):
			for _, s := range states {
				columns = append(columns, strings.Index(strings.ToLower(line), s.String()))
			}
			legend = map[string]bool{}
		case columns != nil:
			runes := []rune(line)
			name := strings.TrimRight(string(runes[:columns[0]]), " ")
			if sub := strings.TrimPrefix(name, "  "); sub != name {
				name = event + ": " + sub
			} else {
				event = name
			}
			for i, s := range states {
				end := len(runes)
				if i+1 < len(columns) {
					end = columns[i+1]
				}
				table[cell{name, s}] = strings.TrimSpace(string(runes[columns[i]:end]))
			}
		default:
			word, _, _ := strings.Cut(line, "  ")
			legend[word] = true
		}
	}
	if len(table) < 180 {
		t.Fatalf("doc.go has a table of %d cells", len(table))
	}
	return table, legend
}
