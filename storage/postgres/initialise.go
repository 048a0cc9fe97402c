package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// initialise runs initdb in a folder beside the cluster's and moves it into place, so that a cluster is whole or not
// there.
func (c *Cluster) initialise(ctx context.Context) error {
	fresh := c.cluster + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("clear an unfinished cluster: %w", err)
	}
	if err := c.owner.own(fresh); err != nil {
		return fmt.Errorf("make the cluster's folder: %w", err)
	}
	password := rand.Text()
	secret := filepath.Join(c.run, "password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return fmt.Errorf("make the password: %w", err)
	}
	defer os.Remove(secret)
	if c.owner.other {
		if err := os.Chown(secret, c.owner.uid, c.owner.gid); err != nil {
			return fmt.Errorf("make the password: %w", err)
		}
	}
	out, err := c.command(ctx, "initdb", "-D", fresh, "-U", role, "-k", "-E", "UTF8", "--locale=C",
		"--auth-local=scram-sha-256", "--auth-host=scram-sha-256", "--pwfile="+secret)
	if err != nil {
		return fmt.Errorf("make the PostgreSQL cluster in %s: %w: %s", fresh, err, out)
	}
	conf, err := os.OpenFile(filepath.Join(fresh, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("configure the cluster: %w", err)
	}
	_, err = io.WriteString(conf, "\ninclude 'harkara.conf'\n")
	if err := errors.Join(err, conf.Sync(), conf.Close()); err != nil {
		return fmt.Errorf("configure the cluster: %w", err)
	}
	// The password is on the disk before the cluster has its name, so that none is ever without.
	if err := c.writeDSN(password); err != nil {
		return fmt.Errorf("keep the cluster's password: %w", err)
	}
	if err := errors.Join(os.Rename(fresh, c.cluster), syncFolder(c.data)); err != nil {
		return fmt.Errorf("name the cluster's folder: %w", err)
	}
	return nil
}
