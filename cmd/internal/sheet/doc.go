// Package sheet reads the rows of exports, CSV or XLSX, as the register's import takes them.
package sheet
