package app

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"harkara/cmd/internal/console"
	"harkara/smpp/bind"
	"harkara/smpp/session"
	"harkara/smpp/sms"
)

// tracesKept is how many files of dead binds of one SMSC stay; the oldest go.
const tracesKept = 50

// obituary writes the last PDUs of binds that died, masked, so that a dispute with an operator can be settled later.
type obituary struct {
	dir string
	log *slog.Logger
}

// write is called by a bind that died. One that was refused had never lived, and its reason is in the log. What can't be
// written is logged: the bind must come back all the same.
func (o obituary) write(smsc sms.SMSCID, n int, why error, last []bind.Record) {
	if errors.As(why, new(*session.BindError)) {
		return
	}
	file, err := o.save(smsc, n, why, last)
	if err != nil {
		o.log.Warn("the last PDUs of a bind could not be written", "smsc", smsc, "bind", n, "error", err)
		return
	}
	o.log.Info("the last PDUs of a bind that died are in a file", "smsc", smsc, "bind", n, "file", file)
}

func (o obituary) save(smsc sms.SMSCID, n int, why error, last []bind.Record) (file string, err error) {
	dir := filepath.Join(o.dir, string(smsc))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	file = filepath.Join(dir, fmt.Sprintf("%s-%d.txt", time.Now().UTC().Format("20060102T150405.000000"), n))
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	fmt.Fprintf(w, "# SMSC %s, bind %d: %v\n# time, SMSC/bind, > sent or < received, command, sequence, status, octets (numbers and "+
		"texts masked): harkara pdu decode - < FILE\n", smsc, n, why)
	for _, record := range last {
		fmt.Fprintln(w, console.NewTraceLine(record))
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	return file, trim(dir)
}

// trim removes the oldest files of a folder. Their names begin with their time.
func trim(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	for len(names) > tracesKept {
		if err := os.Remove(filepath.Join(dir, names[0])); err != nil && !os.IsNotExist(err) {
			return err
		}
		names = names[1:]
	}
	return nil
}
