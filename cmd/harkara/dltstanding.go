package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"harkara/dlt"
	"harkara/storage"
)

// standing is one row of the register with its history.
type standing struct {
	Kind       dlt.Kind                `json:"kind"`
	Key        string                  `json:"key"`
	Version    int64                   `json:"version"` // that the row shown came with
	Row        map[string]string       `json:"row"`     // as it was then; null where it was not there
	History    []revision              `json:"history"`
	Quarantine []storage.QuarantineRow `json:"quarantine,omitempty"`
}

// revision is one version of a row.
type revision struct {
	storage.HistoryRow
	Changed []storage.FieldChange `json:"changed"` // against the version before; empty for the first
}

// newStanding finds the row as at a version (0: the latest), and what changed from version to version.
func newStanding(k key, history []storage.HistoryRow, version int64) standing {
	s := standing{Kind: k.kind, Key: k.key, History: []revision{}}
	var before map[string]string
	for _, h := range history {
		if version == 0 || h.Version <= version {
			s.Version, s.Row = h.Version, h.Fields
		}
		r := revision{h, []storage.FieldChange{}}
		if before != nil {
			all := maps.Clone(before)
			maps.Copy(all, h.Fields)
			for _, name := range slices.Sorted(maps.Keys(all)) {
				if before[name] != h.Fields[name] {
					r.Changed = append(r.Changed, storage.FieldChange{Field: name, Before: before[name], After: h.Fields[name]})
				}
			}
		}
		s.History = append(s.History, r)
		before = h.Fields
	}
	return s
}

func (s *standing) print(out io.Writer) {
	if s.Row == nil {
		fmt.Fprintf(out, "%s %s: was not in the register yet\n", s.Kind, s.Key)
	} else {
		fmt.Fprintf(out, "%s %s: as of version %d\n", s.Kind, s.Key, s.Version)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Row)) {
		value := s.Row[name]
		switch name {
		case "content", "raw":
			value = strconv.Quote(value)
		case "from", "to":
			value = inIndia(value)
		}
		fmt.Fprintf(out, "  %-10s %s\n", name, value)
	}
	s.printHistory(out)
	for _, q := range s.Quarantine {
		fmt.Fprintf(out, "in quarantine at %s since %s: %s; dlt release lifts it\n", q.SMSC, stamp(&q.QuarantinedAt), q.Detail)
	}
}

// shownVersions is how many versions of a row people are shown; --json has all.
const shownVersions = 10

// printHistory shows the newest versions, and the one that the row is shown as; each change has a line of its own.
func (s *standing) printHistory(out io.Writer) {
	t := table{head: []string{"VERSION", "WHEN", "BY", "FILE", "LINE", "CHANGED"}, right: map[int]bool{0: true, 4: true}}
	hidden := 0
	for i, h := range s.History {
		if i < len(s.History)-shownVersions && h.Version != s.Version {
			hidden++
			continue
		}
		changed := []string{"new"}
		if len(h.Changed) > 0 {
			changed = nil
		}
		for _, f := range h.Changed {
			changed = append(changed, difference(f))
		}
		t.add(strconv.FormatInt(h.Version, 10), stamp(&h.At), h.By, h.File, strconv.Itoa(h.Line), changed[0])
		for _, more := range changed[1:] {
			t.add("", "", "", "", "", more)
		}
	}
	t.print(out)
	if hidden > 0 {
		fmt.Fprintf(out, "%d older versions are not shown here; --json has them\n", hidden)
	}
}
