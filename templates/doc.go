// Package templates compiles registered content into literals and slots, fills it with variables, and matches a
// finished text back to it. It is pure, and texts and variables are secrets throughout.
//
//	Compile → Render (variables → text) and Match (text → variables), under the Scrub of one SMSC
//	Lenient and Warnings say how other operators may see the same message
//	Lint and LintHeader say what staff should know of a template or a header
//	NewCatalog compiles a whole register, With what has changed of it
package templates
