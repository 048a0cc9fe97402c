package app

import (
	"maps"
	"slices"
	"strings"

	"harkara/dlt"
)

// Register says how exports are read, beyond the spellings that are built in.
type Register struct {
	Columns map[string][]string `koanf:"columns"` // our column's name: more headings that mean it
	Tags    map[string]string   `koanf:"tags"`    // a tag's name: the type that it means
}

// Aliases are the configured spellings of exports.
func (c *Config) Aliases() dlt.Aliases {
	a := dlt.Aliases{Columns: c.Register.Columns, Tags: map[string]dlt.VarType{}}
	for name, typ := range c.Register.Tags {
		a.Tags[strings.ToLower(name)] = dlt.VarType(typ)
	}
	return a
}

// varTypes are the types that a tag may be said to have.
var varTypes = []string{string(dlt.Untyped), string(dlt.Numeric), string(dlt.Alphanumeric), string(dlt.URL),
	string(dlt.URLOTT), string(dlt.CBN), string(dlt.Email)}

func (r *Register) check(at *lines) {
	for _, name := range slices.Sorted(maps.Keys(r.Columns)) {
		oneOf(at, "register.columns."+name, name, dlt.Columns()...)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Tags)) {
		oneOf(at, "register.tags."+name, r.Tags[name], varTypes...)
	}
}
