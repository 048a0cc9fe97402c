package receipt

import "time"

// indianTime is the zone in which SMSCs in India write the dates of receipts.
var indianTime = time.FixedZone("IST", 5*3600+1800)

// parseDate reads YYMMDDhhmm or YYMMDDhhmmss (SMPP 3.4 Appendix B has the first, many SMSCs write the second); the
// zero time where it is neither.
func parseDate(s string) time.Time {
	if len(s) != 10 && len(s) != 12 {
		return time.Time{}
	}
	var n [6]int
	for i := range len(s) / 2 {
		tens, ones := s[2*i]-'0', s[2*i+1]-'0'
		if tens > 9 || ones > 9 {
			return time.Time{}
		}
		n[i] = int(tens)*10 + int(ones)
	}
	t := time.Date(2000+n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, indianTime)
	if int(t.Month()) != n[1] || t.Hour() != n[3] || t.Minute() != n[4] || t.Second() != n[5] {
		return time.Time{} // time.Date would carry the 31st of June over to July
	}
	return t
}
