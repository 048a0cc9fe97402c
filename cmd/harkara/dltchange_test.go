package main

import (
	"strings"
	"testing"

	"harkara/storage"
)

// TestDifference: both sides are cut to the same part, which holds the first difference.
func TestDifference(t *testing.T) {
	long := strings.Repeat("long ", 40)
	for _, tt := range []struct{ field, before, after, want string }{
		{"content", "Hello ", "Hello", `content: "Hello " → "Hello"`},
		{"name", "", "Acme", `name: nothing → "Acme"`},
		{"status", "active", "", `status: "active" → nothing`},
		{"content", "a\r\nb", "a\nb", `content: "a\r\nb" → "a\nb"`},
		{"content", "कोड है", "कोड था", `content: "कोड है" → "कोड था"`},
		{"content", long + "x" + long, long + "y" + long,
			`content: …"ong long long long long x` + long[:47] + `"… → …"ong long long long long y` + long[:47] + `"…`},
		{"content", long, long + "end", `content: …"` + long[128:] + `" → …"` + long[131:] + `end"`},
		{"from", "2026-03-31T18:30:00Z", "", "from: 2026-04-01T00:00:00.000+05:30 → nothing"},
	} {
		if got := difference(storage.FieldChange{Field: tt.field, Before: tt.before, After: tt.after}); got != tt.want {
			t.Errorf("%q and %q\n got %s\nwant %s", tt.before, tt.after, got, tt.want)
		}
	}
}
