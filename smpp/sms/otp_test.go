package sms

import "testing"

func TestOTPRequestIDs(t *testing.T) {
	const challenge = "abcdefghijklmnopqrstuvwxyz"
	for id, want := range map[RequestID]int{
		OTPRequestID(challenge, 1): 1, OTPRequestID(challenge, 12): 12, "otp." + challenge: 0, "otp." + challenge + ".": 0,
		"otp." + challenge + ".0": 0, "otp." + challenge + ".01": 0, "otp." + challenge + ".-1": 0, "otp." + challenge + ".1.2": 0,
		"otp..1": 0, "login-" + challenge + ".1": 0, "": 0,
	} {
		got, n, ok := OTPSend(id)
		if n != want || ok != (want > 0) || ok && got != challenge {
			t.Errorf("%q: %q %d %v, want %d", id, got, n, ok, want)
		}
	}
}
