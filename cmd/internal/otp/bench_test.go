package otp

import (
	"encoding/json"
	"testing"
	"time"
)

// BenchmarkVerify is one right code: all that a verify computes beside its JSON.
func BenchmarkVerify(b *testing.B) {
	k, p, s, in := keyring(b, "k1"), policy(), &Subject{}, input()
	in.ID = newID(k)
	out, err := s.Request(k, p, in, start)
	if err != nil {
		b.Fatal(err)
	}
	before := s.Challenges[0]
	b.ReportAllocs()
	for b.Loop() {
		s.Challenges[0] = before
		if answer, _, _ := s.Verify(k, p, before.ID, out.Send.Code, start.Add(time.Second)); answer.Result != OK {
			b.Fatal(answer)
		}
	}
}

// BenchmarkVerifyWithJSON is the same with the subject read and written, as its keeper has to.
func BenchmarkVerifyWithJSON(b *testing.B) {
	k, p, s, in := keyring(b, "k1"), policy(), &Subject{}, input()
	in.ID = newID(k)
	out, _ := s.Request(k, p, in, start)
	data, _ := json.Marshal(s)
	b.ReportMetric(float64(len(data)), "B/subject")
	b.ReportAllocs()
	for b.Loop() {
		kept := new(Subject)
		if err := json.Unmarshal(data, kept); err != nil {
			b.Fatal(err)
		}
		if answer, _, _ := kept.Verify(k, p, out.Answer.Challenge, out.Send.Code, start.Add(time.Second)); answer.Result != OK {
			b.Fatal(answer)
		}
		if _, err := json.Marshal(kept); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	k, p, in := keyring(b, "k1"), policy(), input()
	b.ReportAllocs()
	for b.Loop() {
		in.ID = newID(k)
		if _, err := new(Subject).Request(k, p, in, start); err != nil {
			b.Fatal(err)
		}
	}
}
