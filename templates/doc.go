// Package templates compiles registered content into literals and slots, fills it with variables, and matches a
// finished text back to it. It is pure, and texts and variables are secrets throughout.
//
//	Compile → Render (variables → text) and Match (text → variables)
//	NewCatalog compiles a whole register
package templates
