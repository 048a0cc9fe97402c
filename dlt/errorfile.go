package dlt

import (
	"encoding/csv"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// errorColumns are the columns of the files under errors/. CODE holds codes and words, separated by |; RETRYABLE is yes
// or no. Lines that begin with # stand above, and name the file's sources and what is doubtful in it.
var errorColumns = []string{"CODE", "CLASS", "REASON", "RETRYABLE", "DETAIL"}

// errorClasses are all classes.
var errorClasses = []ErrorClass{ClassEntity, ClassHeader, ClassTemplate, ClassChain, ClassCTA, ClassCategory,
	ClassContent, ClassPreference, ClassHours, ClassScrubber, ClassSubscriber, ClassHandset, ClassNetwork,
	ClassThrottled, ClassUnknown}

var (
	errorCodeForm   = regexp.MustCompile(`^[0-9A-Z]{1,5}$`)
	errorWordForm   = regexp.MustCompile(`^[A-Z]+([-_][A-Z]+)*$`)
	errorReasonForm = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
)

// errorRow is one line of a file: what its codes and words mean.
type errorRow struct {
	codes, words []string
	meaning      ErrorCode // without its Code
}

// readErrorFile reads errors/name.csv.
func readErrorFile(name string) ([]errorRow, error) {
	data, err := errorFiles.ReadFile("errors/" + name + ".csv")
	if err != nil {
		return nil, fmt.Errorf("read error codes: %w", err)
	}
	rows, err := parseErrorFile(string(data))
	if err != nil {
		return nil, fmt.Errorf("read error codes: errors/%s.csv: %w", name, err)
	}
	return rows, nil
}

// parseErrorFile reads a file's text; an error names the line's codes.
func parseErrorFile(text string) ([]errorRow, error) {
	if !strings.HasPrefix(text, "# ") || !strings.Contains(text, "\n# Source: ") {
		return nil, fmt.Errorf("no comment above with a line that begins with %q", "# Source: ")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comment, r.FieldsPerRecord = '#', len(errorColumns)
	records, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(records) == 0 || !slices.Equal(records[0], errorColumns) {
		return nil, fmt.Errorf("the first line is not %s", strings.Join(errorColumns, ","))
	}
	rows, seen := make([]errorRow, 0, len(records)), map[string]bool{}
	for _, record := range records[1:] {
		row, err := parseErrorRow(record)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", record[0], err)
		}
		for _, code := range append(row.codes, row.words...) {
			if seen[errorKey(code)] {
				return nil, fmt.Errorf("%s: %s is there twice", record[0], code)
			}
			seen[errorKey(code)] = true
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// parseErrorRow reads one record. What has a digit is a code, what has none a word.
func parseErrorRow(record []string) (row errorRow, err error) {
	for name := range strings.SplitSeq(record[0], "|") {
		switch {
		case errorWordForm.MatchString(name):
			row.words = append(row.words, name)
		case errorCodeForm.MatchString(name) && errorKey(name) != "":
			row.codes = append(row.codes, name)
		default:
			return row, fmt.Errorf("%q is neither a code of 1-5 digits and capitals nor a word of capitals", name)
		}
	}
	row.meaning = ErrorCode{Class: ErrorClass(record[1]), Reason: record[2], Retryable: record[3] == "yes", Detail: record[4]}
	switch {
	case !slices.Contains(errorClasses, row.meaning.Class):
		return row, fmt.Errorf("class %q is not one of %q", record[1], errorClasses)
	case !errorReasonForm.MatchString(record[2]):
		return row, fmt.Errorf("reason %q is not in snake_case", record[2])
	case record[3] != "yes" && record[3] != "no":
		return row, fmt.Errorf("retryable %q is neither yes nor no", record[3])
	case record[4] == "":
		return row, fmt.Errorf("no detail")
	}
	return row, nil
}

// errorKey writes a code or a word as it is compared.
func errorKey(s string) string {
	s = strings.TrimLeft(strings.ToLower(strings.ReplaceAll(s, "-", "_")), "0")
	return strings.TrimPrefix(s, "ec_")
}
