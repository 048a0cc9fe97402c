// Package dlt is the register that India's telecom operators keep of who may send what: entities, headers, templates
// and their categories, and the rules a message is checked by before it goes out (TCCCPR 2018, the "DLT" register).
// It uses the standard library only.
package dlt
