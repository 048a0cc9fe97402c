package app

import "harkara/dlt"

// LintProfiles finds, in an import, the templates whose codes handsets could not fill in as otp.templates has it.
func (c *Config) LintProfiles(rows *dlt.Import, smscs []SMSCRules) (findings []dlt.RowFinding) {
	rules, profiles := widest(smscs), c.Profiles()
	for i := range rows.Templates {
		row := &rows.Templates[i]
		p, ok := profiles[row.Value.ID]
		if !ok {
			continue
		}
		for _, f := range p.CheckTemplate(&row.Value, &rules) {
			findings = append(findings, dlt.RowFinding{Line: row.Line, Finding: f})
		}
	}
	return findings
}
