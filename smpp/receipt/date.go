package receipt

import "time"

// indianTime is the zone in which SMSCs in India write the dates of receipts.
var indianTime = time.FixedZone("IST", 5*3600+1800)

// parseDate reads YYMMDDhhmm or YYMMDDhhmmss (SMPP 3.4 Appendix B has the first, many SMSCs write the second), also
// with a year of four digits, YYYYMMDDhhmmss or YYYY-MM-DD hh:mm:ss; the zero time where it is none of these.
func parseDate(s string) time.Time {
	if len(s) == separatedDate {
		s = joinDate(s)
	}
	if len(s) == 14 && s[:2] == "20" {
		s = s[2:]
	}
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

// separatedDate is the length of YYYY-MM-DD hh:mm:ss.
const separatedDate = len("2006-01-02 15:04:05")

// joinDate takes the separators out of a date of that length; "" where they are others.
func joinDate(s string) string {
	day := s[4]
	if day != '-' && day != '/' || s[7] != day || s[10] != ' ' && s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return ""
	}
	return s[0:4] + s[5:7] + s[8:10] + s[11:13] + s[14:16] + s[17:19]
}
