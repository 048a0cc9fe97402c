package dispatch

import "harkara/smpp/sms"

// Check says whether a request would go out if it came now: through the register's check, and by its route to an SMSC
// that can carry it, whether or not that one is up at the moment. It has no effect, and the tenant's daily limit is not
// looked at. The text is as the first such SMSC would get it. slots is how many variables the template has, also where
// the request is refused; -1: the template is not known or can't be read, which is a failure too.
func (d *Dispatcher) Check(req *sms.Request) (slots int, text sms.Secret, f *sms.Failure) {
	p := &plan{req: req, vars: req.Vars}
	v := d.permit(p)
	slots = -1
	if p.template != nil {
		slots = len(p.template.Slots())
	}
	if v != nil {
		return slots, "", violated(v)
	}
	decision := d.cfg.Table.Select(p.query(d.cfg.Now()), d, 0)
	if decision.Reason != "" {
		return slots, "", routeFailure(decision.Reason)
	}
	list := allowed(decision.Candidates, req.Avoid)
	if len(list) == 0 {
		return slots, "", allAvoided
	}
	var a attempt
	for _, c := range list {
		smsc := d.cfg.SMSCs[c.SMSC]
		unfit := d.fit(p, smsc)
		if unfit == nil {
			return slots, p.text, nil
		}
		a.unfit(smsc, unfit)
	}
	return slots, "", a.uncarried()
}
