package storage

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// used writes a report's rows as lines.
func used(t testing.TB, report iter.Seq2[UseRow, error]) (lines []string) {
	t.Helper()
	for r, err := range report {
		if err != nil {
			t.Fatal(err)
		}
		last, percent := "never", "-"
		if r.LastUsed != nil {
			last = r.LastUsed.Format("15:04")
		}
		if r.DeliveredPercent != nil {
			percent = fmt.Sprintf("%.1f%%", *r.DeliveredPercent)
		}
		var failures []string
		for _, f := range r.Failures {
			failures = append(failures, f.String())
		}
		lines = append(lines, fmt.Sprint(r.Template, r.Header, "/", r.Entity, fmt.Sprintf(" %d: %d submitted in %d, %d %d %d %d %d %d %d %d %d, ", r.Requested, r.Submitted,
			r.Segments, r.Pending, r.Delivered, r.Undelivered, r.Expired, r.Unreported, r.Refused, r.Rejected, r.Lapsed, r.InDoubt),
			percent, " ", last, " [", strings.Join(failures, "; "), "]"))
	}
	return lines
}

func TestUseReports(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	message := func(template, header, entity string, state sms.State, smsc, failure string, segments int) reported {
		m := reported{MessageRow: MessageRow{Tenant: "acme", Template: dlt.TemplateID(template), Header: dlt.Header(header), Entity: dlt.EntityID(entity),
			State: state, SMSC: sms.SMSCID(smsc), Segments: segments}}
		switch state {
		case sms.Submitted, sms.Delivered, sms.Undelivered, sms.Expired, sms.Unreported:
			m.SubmittedAt = in(time.Second)
		}
		if failure != "" {
			parts := strings.Split(failure, " ")
			m.ErrorStage, m.ErrorCode, m.ErrorReason = sms.Stage(parts[0]), parts[1], parts[2]
		}
		return m
	}
	all := []reported{
		message("1", "ACMEBK", "11", sms.Delivered, "a", "", 1),
		message("1", "ACMEBK", "11", sms.Delivered, "b", "", 3),
		message("1", "ACMEBK", "11", sms.Undelivered, "b", "receipt 633 template_not_matched", 1),
		message("1", "ACMEBK", "11", sms.Undelivered, "a", "receipt 633 template_not_matched", 1),
		message("1", "ACMEIN", "11", sms.Undelivered, "a", "receipt 633 template_not_matched", 1),
		message("1", "ACMEIN", "12", sms.Expired, "a", "receipt 1 absent_subscriber", 2),
		message("1", "", "", sms.Rejected, "", "dlt unknown_header unknown_header", 0),
		message("2", "ACMEBK", "11", sms.Refused, "a", "smsc 0x0000000B refused", 1),
		message("2", "ACMEBK", "11", sms.Planned, "a", "", 1),
		message("2", "ACMEBK", "11", sms.Submitted, "a", "", 1),
		message("2", "ACMEBK", "11", sms.Unreported, "a", "", 1),
		message("2", "ACMEBK", "11", sms.InDoubt, "a", "", 1),
		message("3", "ACMEBK", "11", sms.Lapsed, "", "deadline deadline deadline", 1),
		message("3", "ACMEBK", "11", sms.Rejected, "", "dlt outside_hours outside_hours", 1),
	}
	for n := range all {
		all[n].RequestedAt = noon.Add(time.Duration(n)*time.Hour + time.Minute)
	}
	all[1].later, all[2].later = true, true
	all[13].Tenant = "beta"
	insert(t, db, all)
	templates := []string{
		"1/ 7: 6 submitted in 9, 0 2 3 1 0 0 1 0 0, 33.3% 11:30 [633 template_not_matched @ a: 2; unknown_header: 1; 1 absent_subscriber @ a: 1; 633 template_not_matched @ b: 1]",
		"2/ 5: 2 submitted in 2, 2 0 0 0 1 1 0 0 1, 0.0% 17:30 [0x0000000B refused @ a: 1]",
		"3/ 2: 0 submitted in 0, 0 0 0 0 0 0 1 1 0, 0.0% never [deadline: 1; outside_hours: 1]",
	}
	for _, c := range []struct {
		name   string
		report iter.Seq2[UseRow, error]
		want   []string
	}{
		{"templates", TemplateReport(t.Context(), db, UseFilter{}), templates},
		{"headers", HeaderReport(t.Context(), db, UseFilter{}), []string{
			"/ 1: 0 submitted in 0, 0 0 0 0 0 0 1 0 0, - never [unknown_header: 1]",
			"ACMEBK/11 11: 6 submitted in 8, 2 2 2 0 1 1 1 1 1, 20.0% 17:30 [deadline: 1; outside_hours: 1; 633 template_not_matched @ a: 1; " +
				"633 template_not_matched @ b: 1; 0x0000000B refused @ a: 1]",
			"ACMEIN/11 1: 1 submitted in 1, 0 0 1 0 0 0 0 0 0, 0.0% 10:30 [633 template_not_matched @ a: 1]",
			"ACMEIN/12 1: 1 submitted in 2, 0 0 0 1 0 0 0 0 0, 0.0% 11:30 [1 absent_subscriber @ a: 1]",
		}},
		{"of a template", TemplateReport(t.Context(), db, UseFilter{Template: "2"}), templates[1:2]},
		{"of a tenant", TemplateReport(t.Context(), db, UseFilter{Tenant: "beta"}), []string{"3/ 1: 0 submitted in 0, 0 0 0 0 0 0 1 0 0, - never [outside_hours: 1]"}},
		{"of a header", TemplateReport(t.Context(), db, UseFilter{Header: "ACMEIN"}),
			[]string{"1/ 2: 2 submitted in 3, 0 0 1 1 0 0 0 0 0, 0.0% 11:30 [1 absent_subscriber @ a: 1; 633 template_not_matched @ a: 1]"}},
		{"of a time", TemplateReport(t.Context(), db, UseFilter{From: noon.Add(11*time.Hour + time.Minute), To: noon.Add(13 * time.Hour)}), []string{
			"2/ 1: 0 submitted in 0, 0 0 0 0 0 0 0 0 1, 0.0% 17:30 []", "3/ 1: 0 submitted in 0, 0 0 0 0 0 0 0 1 0, 0.0% never [deadline: 1]"}},
		{"of none", HeaderReport(t.Context(), db, UseFilter{Tenant: "nobody"}), nil},
	} {
		sameLines(t, c.name, used(t, c.report), c.want)
	}
	for range TemplateReport(t.Context(), db, UseFilter{}) {
		break // the caller may stop early
	}
	db.Close()
	for _, report := range []iter.Seq2[UseRow, error]{TemplateReport(t.Context(), db, UseFilter{}), HeaderReport(t.Context(), db, UseFilter{})} {
		n := 0
		for _, err := range report {
			if n++; err == nil || !strings.HasPrefix(err.Error(), "report ") {
				t.Errorf("database closed: %v", err)
			}
		}
		if n != 1 {
			t.Errorf("database closed: %d pairs", n)
		}
	}
}

// Whatever the messages, the reports have what counting the listed messages gives.
func TestUseReportsCountWhatMessagesLists(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	states := []sms.State{sms.Planned, sms.Submitted, sms.Delivered, sms.Undelivered, sms.Expired, sms.Unreported, sms.Rejected,
		sms.Refused, sms.Lapsed, sms.InDoubt}
	draw := rapid.Custom(func(t *rapid.T) reported {
		word := rapid.SampledFrom([]string{"a", "b"})
		m := reported{later: rapid.Bool().Draw(t, "later"), MessageRow: MessageRow{Template: dlt.TemplateID(word.Draw(t, "template")),
			Header: dlt.Header(word.Draw(t, "header")), Entity: dlt.EntityID(word.Draw(t, "entity")), State: rapid.SampledFrom(states).Draw(t, "state"),
			Segments: rapid.IntRange(0, 3).Draw(t, "segments")}}
		if rapid.Bool().Draw(t, "tried") {
			m.SMSC, m.SubmittedAt = sms.SMSCID(word.Draw(t, "smsc")), in(time.Second)
		}
		if final(m.State) {
			m.FinalAt = in(time.Minute)
		}
		if rapid.Bool().Draw(t, "failed") {
			m.ErrorStage, m.ErrorCode, m.ErrorReason = sms.StageReceipt, word.Draw(t, "code"), word.Draw(t, "reason")
		}
		return m
	})
	rapid.Check(t, func(rt *rapid.T) {
		db.MustExec(`DELETE FROM harkara.message; DELETE FROM harkara.transition; DELETE FROM harkara.tally`)
		insert(t, db, rapid.SliceOfN(draw, 0, 15).Draw(rt, "messages"))
		templates, headers := map[string]*UseRow{}, map[string]*UseRow{}
		for _, m := range messages(t, db, MessageFilter{}) {
			countUse(templates, UseRow{Template: m.Template}, m)
			countUse(headers, UseRow{Header: m.Header, Entity: m.Entity}, m)
		}
		for _, c := range []struct {
			want   map[string]*UseRow
			report iter.Seq2[UseRow, error]
		}{{templates, TemplateReport(t.Context(), db, UseFilter{})}, {headers, HeaderReport(t.Context(), db, UseFilter{})}} {
			var want []UseRow
			for _, group := range slices.Sorted(maps.Keys(c.want)) {
				r := c.want[group]
				r.DeliveredPercent = r.deliveredPercent()
				slices.SortFunc(r.Failures, func(a, b UseFailure) int {
					return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Reason, b.Reason),
						cmp.Compare(a.SMSC, b.SMSC))
				})
				want = append(want, *r)
			}
			got := used(t, c.report)
			if lines := used(t, listed(want)); !slices.Equal(got, lines) {
				rt.Fatalf("\n got %q\nwant %q", got, lines)
			}
		}
	})
}

// countUse is the plain way to a row.
func countUse(rows map[string]*UseRow, group UseRow, m MessageRow) {
	name := fmt.Sprint(group.Template, " ", group.Header, " ", group.Entity)
	if rows[name] == nil {
		rows[name] = &group
	}
	r := rows[name]
	one := count(nil, []MessageRow{m}).Counts
	for i, n := range one.each() {
		*r.each()[i] += *n
	}
	if m.SubmittedAt != nil {
		r.Segments += int64(m.Segments)
	}
	if hour, _ := WholeHours(m.RequestedAt, time.Time{}); m.SMSC != "" && (r.LastUsed == nil || hour.After(*r.LastUsed)) {
		r.LastUsed = &hour
	}
	if m.ErrorStage == "" {
		return
	}
	f := UseFailure{m.ErrorStage, m.ErrorCode, m.ErrorReason, m.SMSC, 0}
	i := slices.IndexFunc(r.Failures, func(o UseFailure) bool { f.Count = o.Count; return o == f })
	if i < 0 {
		f.Count = 0
		i, r.Failures = len(r.Failures), append(r.Failures, f)
	}
	r.Failures[i].Count++
}

// each lists the counts in the order of Each.
func (c *Counts) each() [11]*int64 {
	return [...]*int64{&c.Requested, &c.Submitted, &c.Pending, &c.Delivered, &c.Undelivered, &c.Expired, &c.Unreported,
		&c.Refused, &c.Rejected, &c.Lapsed, &c.InDoubt}
}

func listed(rows []UseRow) iter.Seq2[UseRow, error] {
	return func(yield func(UseRow, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}
