package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// writeFile makes the report that do fills into --out. The file appears when the report is whole, and not at all where
// it fails.
func (f *reportFlags) writeFile(cmd *cobra.Command, do func(*report) error) error {
	file, err := os.CreateTemp(filepath.Dir(f.out), filepath.Base(f.out)+".*")
	if err != nil {
		return f.cannot("written in folder "+filepath.Dir(f.out), "make the folder, or name another file", err)
	}
	defer os.Remove(file.Name()) // it is gone where all went well
	err = f.writeTo(file, cmd.ErrOrStderr(), do)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		if err = os.Rename(file.Name(), f.out); err != nil {
			err = f.cannot("put in place", "name another file", err)
		}
	}
	return err
}

// cannot says what is wrong with --out, without the temporary file that the system's error names.
func (f *reportFlags) cannot(be, mend string, err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return fmt.Errorf("--out: %s can't be %s: %w: %s", f.out, be, err, mend)
}
