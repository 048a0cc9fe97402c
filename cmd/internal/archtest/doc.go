// Package archtest holds the rules of the house as tests: which way imports point, a comment on every package, and
// names that may stand at the top.
package archtest
