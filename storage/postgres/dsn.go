package postgres

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
)

var passwordPattern = regexp.MustCompile(`password=([A-Z2-7]+)`)

// readDSN sets dsn by the file's password and the folder's present place, and mends the file where the folder moved.
func (c *Cluster) readDSN() error {
	raw, err := os.ReadFile(c.dsnFile)
	if err != nil {
		return fmt.Errorf("the password of the cluster in %s: %w: restore the file from a backup", c.cluster, err)
	}
	found := passwordPattern.FindSubmatch(raw)
	if found == nil {
		return fmt.Errorf("%s has no password: restore the file from a backup", c.dsnFile)
	}
	c.setDSN(string(found[1]))
	if string(bytes.TrimSpace(raw)) == c.dsn {
		return nil
	}
	return c.writeDSN(string(found[1]))
}

func (c *Cluster) setDSN(password string) {
	host := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(c.run)
	c.dsn = fmt.Sprintf("host='%s' port=5432 user=%s password=%s dbname=%s sslmode=disable", host, role, password, database)
}

// writeDSN puts the file in place whole and on the disk: without its password the cluster is of no use.
func (c *Cluster) writeDSN(password string) error {
	c.setDSN(password)
	draft := c.dsnFile + ".new"
	f, err := os.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(c.dsn + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(draft, c.dsnFile); err != nil {
		return err
	}
	return syncFolder(c.data)
}

// syncFolder makes the names in a folder last.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// dsnOf is the DSN of another database of the cluster.
func (c *Cluster) dsnOf(name string) string {
	return strings.Replace(c.dsn, "dbname="+database, "connect_timeout=10 dbname="+name, 1)
}
