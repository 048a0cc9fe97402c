package app

import "testing"

func TestWithDatabase(t *testing.T) {
	for dsn, want := range map[string]string{
		"host=/run/pg dbname=harkara":                                `host=/run/pg dbname=harkara dbname='it\'s'`,
		"postgres://u:p%40w@db.example:5432/harkara?sslmode=disable": "postgres://u:p%40w@db.example:5432/it%27s?sslmode=disable",
		"postgres://db.example/?dbname=harkara":                      "postgres://db.example/it%27s",
	} {
		if got, err := withDatabase(dsn, "it's"); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", dsn, got, err, want)
		}
	}
	if _, err := withDatabase("postgres://u:secret@[", "x"); err == nil || err.Error() != "postgres.dsn is not a URL of PostgreSQL" {
		t.Errorf("of a broken URL: %v", err)
	}
}
