package sms

import (
	"strconv"
	"strings"
)

// otpPrefix begins the ids of requests that the OTP service makes; what tenants publish themselves has other ids.
const otpPrefix = "otp."

// OTPRequestID is the id of the request that is the n-th send of a challenge, from 1.
func OTPRequestID(challenge string, n int) RequestID {
	return RequestID(otpPrefix + challenge + "." + strconv.Itoa(n))
}

// OTPSend reads what OTPRequestID wrote; false: the id is of another request.
func OTPSend(id RequestID) (challenge string, n int, ok bool) {
	rest, ours := strings.CutPrefix(string(id), otpPrefix)
	if !ours {
		return "", 0, false
	}
	challenge, number, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || challenge == "" || OTPRequestID(challenge, n) != id {
		return "", 0, false
	}
	return challenge, n, true
}
