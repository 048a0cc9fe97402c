package router

import (
	"sync"
	"time"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// Tenant is what intake and router know of a tenant.
type Tenant struct {
	ID         sms.TenantID
	Headers    []dlt.Header // those that it may use; none when empty
	TPS        int          // requests taken in per second; 0: no limit
	DailyLimit int          // requests per day, IST; 0: no limit
	Weight     int          // its share of turns, from 1
}

// Daily counts a tenant's requests of the day, IST, against its limit. It may be shared by goroutines.
type Daily struct {
	limit int

	mu   sync.Mutex
	day  int64 // days since 1970 in IST
	used int
}

// NewDaily makes a counter that has counted nothing; a limit of 0 is none.
func NewDaily(limit int) *Daily { return &Daily{limit: limit} }

// Seed adds requests that were taken in on the day of at before the counter was made, as the books have them.
func (d *Daily) Seed(at time.Time, used int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.turn(at) {
		d.used += used
	}
}

// Allow counts one request at that time, and says whether it is within the limit; TenantLimit is the reason where not.
// What is refused is not counted. A clock that was put back counts on in the later day.
func (d *Daily) Allow(now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.turn(now)
	if d.limit > 0 && d.used >= d.limit {
		return false
	}
	d.used++
	return true
}

// turn begins a new day where at is in one, and says whether at is of the day that is counted.
func (d *Daily) turn(at time.Time) bool {
	const ist = 5*3600 + 1800 // as dlt.IST; without daylight saving a day is 86,400 seconds
	day := (at.Unix() + ist) / 86400
	if day > d.day {
		d.day, d.used = day, 0
	}
	return day == d.day
}
