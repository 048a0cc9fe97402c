package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"harkara/smpp/sms"
)

// hasNumber says whether a text has ten digits in a row, or an Indian mobile number in groups, such as +91 98000-00001.
func hasNumber(text string) bool {
	var groups []string // of digits; one that is empty stands between digits that don't belong together
	var group strings.Builder
	end := func() { groups = append(groups, group.String()); group.Reset() }
	for _, r := range text + "x" {
		switch {
		case unicode.IsDigit(r):
			group.WriteRune(r)
		case group.Len() > 0:
			end()
		}
		if !unicode.IsDigit(r) && !strings.ContainsRune(" \t\u00a0-\u2010\u2011\u2013.,()+/_", r) {
			end()
		}
	}
	for i := range groups {
		if len([]rune(groups[i])) >= 10 {
			return true
		}
		joined := ""
		for _, g := range groups[i:] {
			if joined += g; g == "" || len(joined) > len("919800000001") {
				break
			}
			if _, err := sms.ParseMSISDN(joined); err == nil {
				return true
			}
		}
	}
	return false
}

// numberOf returns the number that --number or --number-file gives. Others of the machine see a command line, and a shell
// remembers it; a file is its owner's.
func numberOf(cmd *cobra.Command, number, file string) (sms.MSISDN, error) {
	flag := "--number"
	if file != "" {
		flag = "--number-file"
		var err error
		if number, err = readLine(cmd, file); err != nil {
			return "", fmt.Errorf("%s: %w", flag, err)
		}
	}
	n, err := sms.ParseMSISDN(number)
	if err != nil {
		return "", usageError{fmt.Errorf("%s: %w", flag, err)}
	}
	return n, nil
}

// readLine returns the one line of a file; - is standard input.
func readLine(cmd *cobra.Command, file string) (string, error) {
	var from io.Reader = cmd.InOrStdin()
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", err
		}
		defer f.Close()
		from = f
	}
	const most = 100
	text, err := io.ReadAll(io.LimitReader(from, most))
	if err != nil {
		return "", errors.New("it cannot be read")
	}
	return strings.TrimSpace(string(text)), nil
}
