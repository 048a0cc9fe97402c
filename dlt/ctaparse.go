package dlt

import (
	"errors"
	"fmt"
	"strings"
)

// ctaTypeNames are the spellings of CTA types and sub-types on portals and in our own files, in lower case and without
// spaces, underscores, hyphens and strokes. A bare "URL" is not one of them: it does not tell how the URL may vary.
var ctaTypeNames = map[string]CTAType{
	"urlstatic": CTAStatic, "staticurl": CTAStatic, "static": CTAStatic,
	"urldynamic": CTADynamic, "dynamicurl": CTADynamic, "dynamic": CTADynamic,
	"urlshort": CTAShort, "shorturl": CTAShort, "short": CTAShort, "urlshortened": CTAShort, "shortenedurl": CTAShort,
	"apk": CTAAPK, "urlapk": CTAAPK, "apkurl": CTAAPK, "apklink": CTAAPK, "apkfile": CTAAPK,
	"ott": CTAOTT, "urlott": CTAOTT, "otturl": CTAOTT, "ottlink": CTAOTT, "ottwhatsapp": CTAOTT, "whatsapp": CTAOTT,
	"urlottwhatsapp": CTAOTT, "urlwhatsapp": CTAOTT, "whatsappurl": CTAOTT,
	"number": CTANumber, "mobile": CTANumber, "mobilenumber": CTANumber, "phone": CTANumber, "phonenumber": CTANumber,
	"landline": CTANumber, "landlinenumber": CTANumber, "tollfree": CTANumber, "tollfreenumber": CTANumber,
	"callback": CTANumber, "callbacknumber": CTANumber, "cbn": CTANumber, "140series": CTANumber, "160series": CTANumber,
	"140160series": CTANumber, "numbermobile": CTANumber, "numberlandline": CTANumber, "numbertollfree": CTANumber,
	"email": CTAEmail, "emailid": CTAEmail, "emailaddress": CTAEmail, "mail": CTAEmail, "mailid": CTAEmail,
}

var ctaSpelling = strings.NewReplacer(" ", "", "_", "", "-", "", "/", "", ".", "", "(", "", ")", "")

// ParseCTAType reads a type of CTA in our spelling or a portal's, in any case: "url_static", "URL - Static", "Short URL",
// "OTT/WhatsApp", "Toll free", "E-mail".
func ParseCTAType(s string) (CTAType, error) {
	if t, ok := ctaTypeNames[ctaSpelling.Replace(strings.ToLower(strings.TrimSpace(s)))]; ok {
		return t, nil
	}
	return "", fmt.Errorf("CTA type %q is not one of url_static, url_dynamic, url_short, apk, ott, number, email", s)
}

// ParseCTA reads a whitelisted value and returns its canonical form: a URL with its scheme and host in lower case, a
// number as its digits without 91 or 0 before them, an address with its domain in lower case. The error says why a
// portal would refuse it: the rules are MSG91's page "How to whitelist URLs and callback numbers on DLT", and ours
// where a value would let through more than was meant.
func ParseCTA(typ CTAType, value string) (string, error) {
	value = strings.TrimSpace(value)
	var fault error
	switch typ {
	case CTANumber:
		value, fault = parseNumberCTA(value)
	case CTAEmail:
		if !isEmail(value) {
			fault = errors.New("it is not an e-mail address, such as care@example.com")
		} else {
			value = string(address(nil, value))
		}
	default:
		value, fault = parseURLCTA(typ, value)
	}
	if fault != nil {
		return "", fmt.Errorf("CTA %q: %w", value, fault)
	}
	return value, nil
}

func parseURLCTA(typ CTAType, value string) (string, error) {
	u, ok := cutURL(value)
	if !ok {
		return value, errors.New("it is not a URL, such as https://example.com/a or example.com/a")
	}
	if climbs(u.rest) {
		return value, errors.New("its path has \".\" or \"..\" for a part: register the URL that it leads to")
	}
	if fault := ctaForm(typ, u); fault != nil {
		return value, fault
	}
	canonical := string(u.appendTo(nil))
	if u.scheme != "" {
		canonical = strings.ToLower(u.scheme) + "://" + canonical
	}
	return canonical, nil
}

// ctaForm says what forbids a URL for its type.
func ctaForm(typ CTAType, u parts) error {
	before, after, query := strings.Cut(u.rest, "?")
	fragment := strings.Contains(u.rest, "#")
	switch typ {
	case CTAStatic:
		if query {
			return errors.New("a static URL has no \"?\": register it as url_dynamic, up to and with the \"?\"")
		}
	case CTADynamic:
		if !query || after != "" || fragment {
			return errors.New("a dynamic URL ends in its only \"?\", and what follows may vary")
		}
	case CTAShort:
		if query || fragment {
			return errors.New("a short URL is a domain, perhaps with a path, and has no \"?\" or \"#\"")
		}
	case CTAAPK:
		if query || fragment || !strings.HasSuffix(before, ".apk") {
			return errors.New("an APK link ends in .apk")
		}
	case CTAOTT:
		if fragment {
			return errors.New("an OTT link has no \"#\"")
		}
		return waForm(u)
	default:
		return fmt.Errorf("type %q is not one that the register knows", typ)
	}
	return nil
}

// waForm says what forbids a WhatsApp link: a bare wa.me would whitelist every number there is, and a number is 91 and
// ten digits of a mobile one (MSG91).
func waForm(u parts) error {
	if !strings.EqualFold(u.place, "wa.me") {
		return nil
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(u.rest, "/"), "/")
	first, _, _ = strings.Cut(first, "?")
	switch {
	case first == "":
		return errors.New("a wa.me link names whom it leads to, such as wa.me/919812345678")
	case strings.Trim(first, "+0123456789") == "" && !(len(first) == 12 && first[:2] == "91" && first[2] >= '6'):
		return errors.New("a wa.me number is 91 and ten digits that begin with 6 to 9")
	}
	return nil
}

// parseNumberCTA reads a mobile, landline, 140 or 160 series number of ten digits, or a toll-free one of 8 to 11.
func parseNumberCTA(value string) (string, error) {
	if !isCallBackNumber(value) {
		return value, errors.New("it is not a call-back number of 8 to 12 digits")
	}
	digits := national(nil, value)
	if isTollFree(digits) || len(digits) == 10 && digits[0] >= '1' { // neither 0 nor +
		return string(digits), nil
	}
	return value, errors.New("it is neither ten digits (mobile, landline with its area code, 140 or 160 series) of India, " +
		"nor a toll-free number of 8 to 11 digits that begins with 1800 or 1860")
}
