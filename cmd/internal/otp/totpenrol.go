package otp

import (
	"bytes"
	"encoding/base32"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	pquerna "github.com/pquerna/otp"

	"harkara/smpp/sms"
)

// maxLabel is how many characters the names of account and issuer may have.
const maxLabel = 64

// Sizes of the QR code in pixels: a reader wants a margin of four modules (ISO/IEC 18004 §9.1).
const (
	qrSize   = 256
	qrMargin = 16
)

// Enrol makes an enrolment, which is to be kept, and what the app is to be told, which is not: whoever has it has the secret.
func Enrol(k *Keyring, tenant sms.TenantID, call EnrolCall, now time.Time) (Enrolment, EnrolAnswer, *Error) {
	if call.Issuer == "" {
		call.Issuer = string(tenant)
	}
	if !isLabel(call.Account) || !isLabel(call.Issuer) {
		return Enrolment{}, EnrolAnswer{}, &Error{Code: BadRequest,
			Detail: fmt.Sprintf("account and issuer: want 1 to %d characters that can be shown, no colon, no blank at the ends", maxLabel)}
	}
	e := Enrolment{ID: k.newEnrolmentID(), Tenant: tenant, Account: k.CounterKey("app account", string(tenant), call.Account),
		Key: k.current, Made: moment(now)}
	uri := appURI(call, k.codes[k.current].appSecret(&e))
	qr, err := qrCode(uri)
	if err != nil {
		// The cause may quote the URI.
		return Enrolment{}, EnrolAnswer{}, &Error{Code: BadRequest, Detail: "account and issuer are too long for a QR code: shorten them"}
	}
	return e, EnrolAnswer{Challenge: e.ID, URI: uri, QR: qr}, nil
}

// isLabel says whether an app shows the text as it is. A colon would part it: issuer and account stand in the URI as issuer:account.
func isLabel(s string) bool {
	n := utf8.RuneCountInString(s)
	return n >= 1 && n <= maxLabel && utf8.ValidString(s) && s == strings.TrimSpace(s) &&
		!strings.ContainsFunc(s, func(r rune) bool { return r == ':' || !unicode.IsPrint(r) })
}

// appURI is what authenticator apps read (Key Uri Format of the google-authenticator wiki). Some read a plus sign as it is, so
// that a blank has to be %20.
func appURI(call EnrolCall, secret []byte) string {
	escape := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	return fmt.Sprintf("otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=%d&period=%d",
		escape(call.Issuer), escape(call.Account), base32.StdEncoding.EncodeToString(secret), escape(call.Issuer), totpDigits, stepSeconds)
}

// qrCode draws a QR code as a PNG of 256 x 256 pixels.
func qrCode(uri string) ([]byte, error) {
	key, err := pquerna.NewKeyFromURL(uri)
	if err != nil {
		return nil, err
	}
	code, err := key.Image(qrSize-2*qrMargin, qrSize-2*qrMargin)
	if err != nil {
		return nil, err
	}
	sheet := image.NewPaletted(image.Rect(0, 0, qrSize, qrSize), color.Palette{color.White, color.Black})
	draw.Draw(sheet, code.Bounds().Add(image.Pt(qrMargin, qrMargin)), code, code.Bounds().Min, draw.Src)
	var out bytes.Buffer
	if err := png.Encode(&out, sheet); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
