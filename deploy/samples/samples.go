// Package samples carries the sample register, so that a demonstration needs no file beside the program. Everything in
// it is made up; see README.md.
package samples

import _ "embed"

// Register is register.csv, for dlt.ReadTemplates.
//
//go:embed register.csv
var Register []byte
