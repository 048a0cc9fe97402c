package storage

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"
)

// plans are those that PostgreSQL made for the queries of a connection, as its module auto_explain tells them.
type plans struct {
	mu  sync.Mutex
	all []plan
	bad []string

	indexes map[string]bool // those that a checked plan has used
}

type plan struct {
	query   string
	scans   []scan
	indexes []string
}

// scan is one table of a plan, and how it is read.
type scan struct{ table, how string }

type planNode struct {
	Type     string `json:"Node Type"`
	Relation string `json:"Relation Name"`
	Index    string `json:"Index Name"`
	Plans    []planNode
}

// openExplained connects to a database so that the plan of each query is noted, those inside functions too.
func openExplained(t testing.TB, dsn string) (*sql.DB, *plans) {
	t.Helper()
	connector, err := pq.NewConnector(dsn + ` options='-c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 ` +
		`-c auto_explain.log_format=json -c auto_explain.log_level=notice -c auto_explain.log_nested_statements=on -c client_min_messages=notice'`)
	if err != nil {
		t.Fatal(err)
	}
	p := &plans{indexes: map[string]bool{}}
	db := sql.OpenDB(pq.ConnectorWithNoticeHandler(connector, p.note))
	t.Cleanup(func() { db.Close() })
	return db, p
}

func (p *plans) note(n *pq.Error) {
	_, text, ok := strings.Cut(n.Message, "plan:\n")
	if !ok {
		return
	}
	var told struct {
		Query string `json:"Query Text"`
		Plan  planNode
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		p.bad = append(p.bad, fmt.Sprint(err, ": ", text))
		return
	}
	made := plan{query: told.Query}
	var walk func(n planNode)
	walk = func(n planNode) {
		if n.Relation != "" && n.Type != "ModifyTable" {
			made.scans = append(made.scans, scan{n.Relation, n.Type})
		}
		if n.Index != "" {
			made.indexes = append(made.indexes, n.Index)
		}
		for _, child := range n.Plans {
			walk(child)
		}
	}
	walk(told.Plan)
	p.all = append(p.all, made)
}

// take returns the plans that came since it was last called.
func (p *plans) take() ([]plan, []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all, bad := p.all, p.bad
	p.all, p.bad = nil, nil
	return all, bad
}

var dayName = regexp.MustCompile(`^(message|transition|attempt|answer|receipt|receipt_early|otp_event)_(\d{8})$`)

// check fails where a day up to today is read from end to end, or any day outside of [from, to] at all. Days that are
// still to come are empty, and reading nothing is as cheap as an index. It returns which of the tables were read by day.
func (p *plans) check(t *testing.T, today, from, to time.Time) (read []string) {
	t.Helper()
	all, bad := p.take()
	for _, b := range bad {
		t.Errorf("a plan cannot be read: %s", b)
	}
	first, last, full := dayOf(from).Format("20060102"), dayOf(to).Format("20060102"), dayOf(today).Format("20060102")
	for _, made := range all {
		for _, i := range made.indexes {
			p.indexes[i] = true
		}
		wrong := map[string]bool{}
		for _, s := range made.scans {
			day := dayName.FindStringSubmatch(s.table)
			if day == nil {
				continue
			}
			if !slices.Contains(read, day[1]) {
				read = append(read, day[1])
			}
			switch {
			case s.how == "Seq Scan" && day[2] <= full:
				wrong["reads all of "+s.table] = true
			case day[2] < first || day[2] > last:
				wrong[fmt.Sprintf("reads %s, and only %s to %s are asked for", s.table, first, last)] = true
			}
		}
		for w := range wrong {
			t.Errorf("%s: %s", w, made.query)
			break // one says enough
		}
	}
	slices.Sort(read)
	return read
}
