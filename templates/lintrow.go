package templates

import (
	"fmt"
	"time"

	"harkara/dlt"
)

// soon is how far ahead an end is told.
const soon = 30 * 24 * time.Hour

// noHeader: the link of template and header is checked (code 634).
func noHeader(q *LintQuery) []fault {
	for i := range q.Template.Links {
		if q.Template.Links[i].InForce(q.At) {
			return nil
		}
	}
	detail := "the template is linked to no header"
	if links := q.Template.Links; len(links) > 0 {
		detail = fmt.Sprintf("none of its links is in force: that to header %s %s", links[0].Header, links[0].Fault(q.At))
	}
	return one("link it to a header on the portal, and import the links (dlt import --kind links) or the templates again",
		"%s", detail)
}

// notActive: codes 631 and 632, and 449 to 451 for suspended ones.
func notActive(q *LintQuery) []fault { return standing("template", &q.Template.Standing, q.At) }

// standing finds what may not be used.
func standing(what string, s *dlt.Standing, at time.Time) []fault {
	why := s.Fault(at)
	if why == "" {
		return nil
	}
	return one(remedy(s, at), "the %s %s", what, why)
}

// remedy says what to do about what is not in force.
func remedy(s *dlt.Standing, at time.Time) string {
	switch s.Status {
	case dlt.Active:
		if at.Before(s.From) {
			return "send nothing by it before that day"
		}
		return "renew it on the portal and import it again, or send nothing by it"
	case dlt.Pending:
		return "wait for its approval and import it again"
	case dlt.Inactive, dlt.Suspended:
		return "reactivate it on the portal and import it again, or send nothing by it"
	default:
		return "register it anew, or take it up with the operator"
	}
}

// expiresSoon: suspension due to validity is among the codes of both templates (5314) and headers (624).
func expiresSoon(q *LintQuery) []fault { return expires("template", &q.Template.Standing, q.At) }

func expires(what string, s *dlt.Standing, at time.Time) []fault {
	if s.To.IsZero() || !s.InForce(at) || s.To.Sub(at) >= soon {
		return nil
	}
	return one("renew it on the portal and import it again", "the %s is valid only until %s, for %s more", what,
		s.To.In(dlt.IST).Format("2006-01-02 15:04 IST"), plural(int(s.To.Sub(at).Hours()/24), "day"))
}

// categoryHeader: six digits are a promotional header (code 683); see dlt.Grant.CheckCategory.
func categoryHeader(q *LintQuery) []fault {
	if q.Template.Category == dlt.Promotional {
		return nil
	}
	var faults []fault
	for i := range q.Template.Links {
		l := &q.Template.Links[i]
		if l.Header == "" || l.Header[0] > '9' || !l.InForce(q.At) {
			continue
		}
		faults = append(faults, one("link it to a header of letters, or register it anew as promotional if it is that",
			"header %s carries promotional messages only, and the template is %s", l.Header, q.Template.Category)...)
	}
	return faults
}

// oldServiceExplicit: registration has stopped, and what is there is moved to promotional (notices of
// smsalert, 2025, and smsgatewayhub, January 2026).
func oldServiceExplicit(q *LintQuery) []fault {
	if q.Template.Category != dlt.ServiceExplicit {
		return nil
	}
	return one("ask the operator what became of it, and register it anew as service implicit or promotional",
		"the category service explicit is being abolished; operators move such templates to promotional")
}
