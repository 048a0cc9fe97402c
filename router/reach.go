package router

import (
	"slices"

	"harkara/smpp/sms"
)

// Reach returns the SMSCs that messages of a tenant and class may go to, by any header and number.
func (t *Table) Reach(tenant sms.TenantID, class sms.Class) []sms.SMSCID {
	var reach []sms.SMSCID
	for i := range t.routes {
		m := &t.routes[i].match
		if !holds(m.Tenants, tenant) || !holds(m.Classes, class) {
			continue
		}
		for _, w := range t.routes[i].ways {
			if !slices.Contains(reach, w.smsc) {
				reach = append(reach, w.smsc)
			}
		}
	}
	return reach
}

func holds[T comparable](list []T, v T) bool { return len(list) == 0 || slices.Contains(list, v) }
