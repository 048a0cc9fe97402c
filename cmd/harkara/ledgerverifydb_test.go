package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestLeftoversAreDropped: those of a day ago, and nothing else.
func TestLeftoversAreDropped(t *testing.T) {
	gateway(t)
	old, young := time.Now().Add(-25*time.Hour).Unix(), time.Now().Add(-23*time.Hour).Unix()
	names := []string{fmt.Sprint(verifyDatabase, old, "_1"), fmt.Sprint(verifyDatabase, young, "_2"), verifyDatabase + "mine"}
	for _, name := range names {
		if _, err := world.db.Exec(`CREATE DATABASE ` + name); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { world.db.Exec(`DROP DATABASE IF EXISTS ` + name) })
	}
	if err := dropLeftovers(t.Context(), world.db); err != nil {
		t.Fatal(err)
	}
	var left []string
	err := world.db.Select(&left, `SELECT datname FROM pg_database WHERE starts_with(datname, $1) ORDER BY datname`, verifyDatabase)
	if want := names[1:]; err != nil || strings.Join(left, " ") != strings.Join(want, " ") {
		t.Errorf("left are %v, %v; want %v", left, err, want)
	}
}
