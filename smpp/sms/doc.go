// Package sms says what a short message is: who asked for it, its text encoded and cut into segments, the states that
// it passes through. It knows no network and no clock.
package sms
