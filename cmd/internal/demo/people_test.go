package demo

import (
	"bytes"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/cmd/internal/otp"
	"harkara/smpp/pdu"
	"harkara/smpp/sms"
	"harkara/storage/postgres"
)

// TestManners: every forty people have all manners, by their shares.
func TestManners(t *testing.T) {
	for from := range 3 * mannersOf {
		got, want := map[string]int{}, map[string]int{}
		for i := range mannersOf {
			got[mannerOf(from+i).name]++
		}
		for _, m := range manners {
			want[m.name] = m.share
		}
		if !maps.Equal(got, want) {
			t.Fatalf("from %d: %v, want %v", from, got, want)
		}
	}
}

// TestHandset puts texts together as they go over the wire, in any order of their segments, and finds the code.
func TestHandset(t *testing.T) {
	const code = "483921"
	for name, text := range map[string]string{
		"one segment":  code + " is your OTP to log in to Acme Bank. It is valid for 10 minutes. -ACMEBK",
		"amounts":      "Rs 501 to Sample Store from account ending 8842: OTP " + code + ". Order ZK4711 -ACMEBK",
		"two of UCS-2": code + " आपका Acme Bank ओटीपी है। यह 10 मिनट तक मान्य है। इसे किसी को न बताएँ। -ACMEBK",
		"three":        strings.Repeat("Nothing to read here. ", 16) + code,
	} {
		var coding sms.Coding
		m, err := coding.Encode(text, 7)
		if err != nil {
			t.Fatal(err)
		}
		h := &handsets{of: map[string]*handset{"919812345678": newHandset()}}
		for i := range m.Segments {
			s := m.Segments[len(m.Segments)-1-i]
			body := append(bytes.Clone(s.UDH), s.Payload...)
			for _, dest := range []string{"919812345678", "919812345679"} { // the other has no phone
				sm := &pdu.SM{Dest: dest, DataCoding: m.Encoding.DataCoding(), ShortMessage: body}
				if len(s.UDH) > 0 {
					sm.ESMClass = pdu.ESMClassUDHI
				}
				h.saw(sm)
			}
		}
		phone := h.of["919812345678"]
		if len(phone.texts) != 1 {
			t.Fatalf("%s: %d texts came of %d segments", name, len(phone.texts), len(m.Segments))
		}
		got := <-phone.texts
		if got.Reveal() != text {
			t.Errorf("%s: it reads %q", name, got.Reveal())
		}
		if found, err := codeIn(got); err != nil || found != code {
			t.Errorf("%s: the code read is %q, %v", name, found.Reveal(), err)
		}
		if phone.firstAt().IsZero() || time.Since(phone.firstAt()) > time.Minute {
			t.Errorf("%s: first seen at %s", name, phone.firstAt())
		}
	}
	if found, err := codeIn("1234567 and 12345"); err == nil {
		t.Errorf("a code %q was read where none is", found.Reveal())
	}
}

// TestDifferent: events that are one too many, one too few, or of a challenge unheard of are told apart from right ones.
func TestDifferent(t *testing.T) {
	p := &person{manner: &manners[0], challenge: "a", events: map[string]int{"requested": 1, "sent": 1, "verified": 1}}
	for name, tt := range map[string]struct {
		events map[string]int
		same   bool
	}{
		"right":          {map[string]int{"requested": 1, "sent": 1, "verified": 1}, true},
		"verified twice": {map[string]int{"requested": 1, "sent": 1, "verified": 2}, false},
		"never sent":     {map[string]int{"requested": 1, "verified": 1}, false},
		"one too many":   {map[string]int{"requested": 1, "sent": 1, "verified": 1, "expired": 1}, false},
		"none":           {nil, false},
	} {
		h := &happenings{of: map[otp.ChallengeID]map[string]int{"a": tt.events}}
		if err := h.different([]*person{p}); (err == nil) != tt.same {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBelowZero finds the first of several cells that are less than 0, and none where there is none.
func TestBelowZero(t *testing.T) {
	cluster, err := postgres.Start(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	}()
	db, err := sqlx.ConnectContext(t.Context(), "postgres", cluster.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.MustExecContext(t.Context(), `CREATE SCHEMA harkara;
		CREATE TABLE harkara.v_otp_daily (day date, tenant text, purpose text, template text, route text, requested bigint, sent bigint,
			conversion numeric, p50_s float8);
		INSERT INTO harkara.v_otp_daily VALUES ('2026-11-22', 'acme', 'login', '-1', '', 0, 2, NULL, NULL),
			('2026-11-23', 'acme', 'login', '-1', 'sim-a', 1, 0, 33.3, 1.5)`)
	if err := belowZero(t.Context(), db); err != nil {
		t.Error(err)
	}
	db.MustExecContext(t.Context(), `INSERT INTO harkara.v_otp_daily VALUES ('2026-11-24', 'acme', 'login', '7', 'sim-a', -2, 0, 0, 0),
		('2026-11-23', 'zip', 'login', '7', '', 0, 0, -0.5, 0)`)
	const want = "the database counts below 0: conversion is -0.5 on 2026-11-23 for zip, login, template 7, route none"
	if err := belowZero(t.Context(), db); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
