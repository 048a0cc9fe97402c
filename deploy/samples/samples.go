// Package samples carries the sample register, so that a demonstration needs no file beside the program. Everything in
// it is made up; see README.md.
package samples

import _ "embed"

// Register is register.csv: templates with their headers, for dlt.Read.
//
//go:embed register.csv
var Register []byte

// CTAs is ctas.csv: what the entities of Register have whitelisted, for dlt.Read.
//
//go:embed ctas.csv
var CTAs []byte
