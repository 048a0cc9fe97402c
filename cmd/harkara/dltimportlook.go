package main

import (
	"fmt"
	"slices"
	"strings"

	"harkara/cmd/internal/app"
	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage"
)

// refuseChains moves to the refused rows the chains that can't work: those of an SMSC that the configuration does not
// have, whose messages would go out without, and those that the SMSC's operator does not take.
func refuseChains(rows *dlt.Import, smscs []app.SMSCRules) {
	rows.Chains = slices.DeleteFunc(rows.Chains, func(row dlt.Row[dlt.ChainRecord]) bool {
		column, reason := chainFault(&row.Value, smscs)
		if reason != "" {
			rows.Refused = append(rows.Refused, dlt.RefusedRow{Line: row.Line, Column: column, Reason: reason})
		}
		return reason != ""
	})
}

// chainFault says what is wrong with a chain at its SMSC, and in which column of the export; nothing where it is right.
func chainFault(c *dlt.ChainRecord, smscs []app.SMSCRules) (column, reason string) {
	i := slices.IndexFunc(smscs, func(s app.SMSCRules) bool { return string(s.SMSC) == c.SMSC })
	if i < 0 {
		ids := make([]sms.SMSCID, len(smscs))
		for i := range smscs {
			ids[i] = smscs[i].SMSC
		}
		return "SMSC", fmt.Sprintf("the configuration has no SMSC %q: name one of %s", c.SMSC, names(ids))
	}
	if faults := dlt.CheckChain(smscs[i].Rules.Operator, c.IDs); len(faults) > 0 {
		return "CHAIN", fmt.Sprintf("at %s: %s", c.SMSC, strings.Join(faults, "; "))
	}
	return "", ""
}

// changeFindings are on what an import changed, or would change, that may well be a mistake: texts, since operators do
// not let a registered one be edited (though one notice of Airtel's says that its tags will need to be); what may be used
// again; and what another operator's export says otherwise.
func changeFindings(changes []storage.Change) (findings []dlt.RowFinding) {
	for _, c := range changes {
		for _, field := range c.Fields {
			if f := changeFinding(&c, field); f.Code != "" {
				findings = append(findings, dlt.RowFinding{Line: c.Line, Finding: f})
			}
		}
	}
	return findings
}

// changeFinding is on one field of a changed row; without a code where there is nothing to say.
func changeFinding(c *storage.Change, field storage.FieldChange) dlt.Finding {
	row, f := rowNamed(c)
	switch {
	case field.Field == "content" && lineFeeds.Replace(field.Before) == lineFeeds.Replace(field.After):
		f.Code, f.Severity = "content_changed", dlt.Note
		f.Detail = row + " has its line breaks in another form than before (CR LF or LF), and the same text"
		f.Mend = "where scrub.newline of an SMSC is as_stored, compare it with the portal: messages go out with the new form"
	case field.Field == "content":
		f.Code, f.Detail = "content_changed", row+" has another text than before"
		f.Mend = "compare it with the portal: operators register a changed text under a new id"
	case field.Field == "status" && field.After == string(dlt.Active):
		f.Code, f.Detail = "reactivated", fmt.Sprintf("%s was %s and is active again", row, field.Before)
		f.Mend = "compare it with the portal: messages that were rejected for it go out again"
	case field.Field == "operator" && field.Before != "" && field.After != "":
		f.Code = "operator_changed"
		f.Detail = fmt.Sprintf("%s was of operator %s and is of %s", row, field.Before, field.After)
		f.Mend = "import it from the exports of one operator only: the register holds one standing and one text of it, " +
			"so that those of two overwrite each other"
	}
	return f
}

// lineFeeds makes every line break the same.
var lineFeeds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// rowNamed is how people call a changed row, and a finding on it that has still to say what. For keys see
// storage.Change.
func rowNamed(c *storage.Change) (string, dlt.Finding) {
	f := dlt.Finding{Severity: dlt.Warning, Kind: c.Kind, Subject: c.Key}
	parts := strings.SplitN(c.Key, " ", 3)
	switch c.Kind {
	case dlt.KindEntity:
		f.Entity = dlt.EntityID(c.Key)
		return "entity " + c.Key, f
	case dlt.KindHeader:
		f.Subject, f.Entity = parts[0], dlt.EntityID(parts[1])
		return fmt.Sprintf("header %s of entity %s", parts[0], parts[1]), f
	case dlt.KindLink:
		return fmt.Sprintf("the link of template %s to header %s", parts[0], parts[1]), f
	case dlt.KindCTA:
		f.Entity = dlt.EntityID(parts[0])
		return fmt.Sprintf("CTA %s of entity %s", parts[2], parts[0]), f
	case dlt.KindChain:
		f.Entity = dlt.EntityID(parts[0])
		return fmt.Sprintf("the chain of entity %s at %s", parts[0], parts[2]), f
	}
	return "template " + c.Key, f
}
