package dlt

import "time"

// IST is India's time, without daylight saving: days, hours and limits of the register are counted in it.
var IST = time.FixedZone("IST", 5*3600+1800)

// Promotional messages may go out from PromotionalFrom until, not including, PromotionalUntil, after midnight IST.
// The sources disagree: code 651 of the operators is "9PM to 10AM", one aggregator lists both 9 and 10 AM, another
// says 9 AM to 9 PM. The narrowest window is the one that all of them allow.
const (
	PromotionalFrom  = 10 * time.Hour
	PromotionalUntil = 21 * time.Hour
)

// CheckHours returns OutsideHours where a message of the category may not go out at that time, else nil. Only
// promotional messages have hours.
func CheckHours(cat Category, at time.Time) *Violation {
	if cat != Promotional {
		return nil
	}
	h, m, s := at.In(IST).Clock()
	clock := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
	if clock >= PromotionalFrom && clock < PromotionalUntil {
		return nil
	}
	return &Violation{Reason: OutsideHours, Detail: "promotional messages go out from 10:00 to 21:00 IST"}
}
