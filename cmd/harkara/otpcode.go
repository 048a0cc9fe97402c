package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// givenCode is a code of the command line, or the first line of stdin where that is "-".
func givenCode(cmd *cobra.Command, code string) (string, error) {
	if code != "-" {
		return code, nil
	}
	line, err := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), 256)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the code from stdin: %w", err)
	}
	return strings.TrimSpace(line), nil
}

// ownCodeFlag adds the flag for a code of the tenant's own.
func ownCodeFlag(cmd *cobra.Command, code *string, usage string) {
	cmd.Flags().StringVar(code, "code", "", usage+`; "-" reads it from the first line of stdin`)
}

// putOwnCode puts the code that the flag gives into a call. None is given by an empty one: the service would make its own.
func putOwnCode(cmd *cobra.Command, body map[string]any, flag string) error {
	if !cmd.Flags().Changed("code") {
		return nil
	}
	code, err := givenCode(cmd, flag)
	if err == nil && code == "" {
		err = usageError{errors.New("--code: it is empty")}
	}
	body["code"] = code
	return err
}
