package dlt

import (
	"fmt"
	"time"
)

// IST is India's time, without daylight saving: days, hours and limits of the register are counted in it.
var IST = time.FixedZone("IST", 5*3600+1800)

// CheckHours returns OutsideHours where a message of the category may not go out at that time, else nil. Only
// promotional messages have hours.
func (r *Rules) CheckHours(cat Category, at time.Time) *Violation {
	if cat != Promotional {
		return nil
	}
	h, m, s := at.In(IST).Clock()
	clock := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
	begun, ended := clock >= r.PromoFrom, clock >= r.PromoUntil
	if begun && !ended || r.PromoUntil < r.PromoFrom && (begun || !ended) {
		return nil
	}
	return refuse(OutsideHours, "promotional messages go out from %s to %s IST", hour(r.PromoFrom), hour(r.PromoUntil))
}

// HoursEnd is when the hours end in which a message of the category may go out, given one at which it may; zero: never.
func (r *Rules) HoursEnd(cat Category, at time.Time) time.Time {
	if cat != Promotional {
		return time.Time{}
	}
	y, m, d := at.In(IST).Date()
	end := time.Date(y, m, d, 0, 0, 0, 0, IST).Add(r.PromoUntil)
	if !end.After(at) { // the hours go on over midnight
		end = end.Add(24 * time.Hour)
	}
	return end
}

// hour writes a time after midnight as people do: 10:00.
func hour(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", d/time.Hour, d%time.Hour/time.Minute)
}
