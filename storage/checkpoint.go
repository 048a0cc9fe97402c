package storage

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/lib/pq"

	"harkara/storage/ledger"
)

// checkpointFile is the checkpoints' file in the data folder: signed notes, each followed by an empty line.
const checkpointFile = "checkpoints.txt"

// SaveCheckpoint keeps a checkpoint in the data folder, synced, and in PostgreSQL, which may be away: what the one place
// could not take is an error, and in the other all the same. A checkpoint that is there already is not kept twice. With
// the first of an hour old ones are thinned: all of the last day stay, and the last of each hour before.
// Without a database (nil) it is kept in the folder alone.
func SaveCheckpoint(ctx context.Context, db *sql.DB, data string, c ledger.Checkpoint) error {
	file := appendCheckpoint(data, c)
	if db == nil {
		return file
	}
	saved, err := db.ExecContext(ctx, `INSERT INTO harkara.checkpoint (node, position, at, note) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		c.Node, int64(c.Position), c.At, c.Note)
	if err == nil {
		if n, _ := saved.RowsAffected(); n > 0 {
			err = thinCheckpoints(ctx, db, c)
		}
	}
	if err != nil {
		err = fmt.Errorf("save a checkpoint in PostgreSQL: %w", err)
	}
	return errors.Join(file, err)
}

// thinCheckpoints thins those of the checkpoint's node in PostgreSQL where it is the first of an hour. A role that may not
// delete them keeps all.
func thinCheckpoints(ctx context.Context, db *sql.DB, c ledger.Checkpoint) error {
	_, err := db.ExecContext(ctx, `DELETE FROM harkara.checkpoint c USING (
			SELECT position, row_number() OVER (PARTITION BY date_trunc('hour', at, 'UTC') ORDER BY position DESC) AS back
			FROM harkara.checkpoint WHERE node = $1 AND at < $2
		) AS old
		WHERE c.node = $1 AND c.position = old.position AND old.back > 1
			AND NOT EXISTS (SELECT FROM harkara.checkpoint WHERE node = $1 AND at >= $3 AND position < $4)`,
		c.Node, c.At.Add(-allFor), c.At.Truncate(time.Hour), int64(c.Position))
	if refused := (*pq.Error)(nil); errors.As(err, &refused) && refused.Code == "42501" { // insufficient_privilege
		return nil
	}
	return err
}

// allFor is for how long all checkpoints are kept.
const allFor = 24 * time.Hour

// appendCheckpoint appends a note to the data folder's file, unless it is the last there. What an earlier run left
// half-written gives way. The folder is locked meanwhile: a command may run beside the gateway.
func appendCheckpoint(data string, c ledger.Checkpoint) error {
	folder, err := os.Open(data)
	if err != nil {
		return fmt.Errorf("save a checkpoint: %w", err)
	}
	defer folder.Close() // the lock ends with it
	if err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("save a checkpoint: lock %s: %w", data, err)
	}
	name := filepath.Join(data, checkpointFile)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("save a checkpoint: %w", err)
	}
	defer f.Close()
	if owner, err := ownerOf(data); err == nil && os.Geteuid() == 0 { // a command may be root's, where the gateway is not
		if err := f.Chown(owner.user, owner.group); err != nil {
			return fmt.Errorf("save a checkpoint: %w", err)
		}
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("save a checkpoint: %w", err)
	}
	tail := make([]byte, min(end, 4096)) // a note has some 250 octets
	if _, err := f.ReadAt(tail, end-int64(len(tail))); err != nil {
		return fmt.Errorf("save a checkpoint in %s: %w", name, err)
	}
	whole := wholeNotes(tail)
	end -= int64(len(tail) - whole)
	entry := c.Note + "\n"
	if bytes.HasSuffix(tail[:whole], []byte(entry)) {
		return nil
	}
	if err := f.Truncate(end); err != nil {
		return fmt.Errorf("save a checkpoint in %s: %w", name, err)
	}
	if _, err := f.WriteAt([]byte(entry), end); err != nil {
		return fmt.Errorf("save a checkpoint in %s: %w", name, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("save a checkpoint in %s: %w", name, err)
	}
	if before, _ := noteOf(string(tail[lastNote(tail[:whole]):whole])); before.hour.IsZero() || before.hour.Equal(c.At.UTC().Truncate(time.Hour)) {
		return nil
	}
	return thinFile(f, folder, c.At.Add(-allFor))
}

// thinFile leaves of the notes of before a time the last of each chain and hour, and all that it cannot read. Who does not
// own the file leaves it as it is: what it writes anew would be its own.
func thinFile(f, folder *os.File, before time.Time) error {
	if info, err := f.Stat(); err != nil || info.Sys().(*syscall.Stat_t).Uid != uint32(os.Geteuid()) {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("thin the checkpoints: %w", err)
	}
	var notes []string
	last := map[noteHour]int{}
	for note, err := range ReadCheckpoints(f) {
		if err != nil {
			return fmt.Errorf("thin the checkpoints: %w", err)
		}
		of, _ := noteOf(note)
		last[of] = len(notes)
		notes = append(notes, note)
	}
	var thin strings.Builder
	for i, note := range notes {
		if of, at := noteOf(note); of.hour.IsZero() || !at.Before(before) || last[of] == i {
			thin.WriteString(note + "\n")
		}
	}
	anew, err := os.OpenFile(f.Name()+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		_, err = anew.WriteString(thin.String())
		err = errors.Join(err, anew.Sync(), anew.Close())
	}
	if err == nil {
		err = os.Rename(anew.Name(), f.Name())
	}
	if err == nil {
		err = folder.Sync()
	}
	if err != nil {
		return fmt.Errorf("thin the checkpoints: %w", err)
	}
	return nil
}

// noteHour is a chain and an hour.
type noteHour struct {
	chain string
	hour  time.Time // zero: it is no note of a checkpoint
}

// noteOf reads whose a note is and when its frame was appended; see ledger.Checkpoint.
func noteOf(note string) (noteHour, time.Time) {
	lines := strings.SplitN(note, "\n", 5)
	if len(lines) < 5 {
		return noteHour{}, time.Time{}
	}
	at, err := time.Parse(time.RFC3339, lines[3])
	if err != nil {
		return noteHour{}, time.Time{}
	}
	return noteHour{lines[0], at.UTC().Truncate(time.Hour)}, at
}

// lastNote is where the last of some whole notes begins.
func lastNote(whole []byte) int { return wholeNotes(bytes.TrimSuffix(whole, []byte("\n\n"))) }

// wholeNotes returns how much of the end of a file of notes is whole: all up to the last empty line behind a signature.
func wholeNotes(tail []byte) int {
	for at := len(tail); ; {
		at = bytes.LastIndex(tail[:at], []byte("\n\n"))
		if at < 0 {
			return 0
		}
		if bytes.HasPrefix(tail[bytes.LastIndexByte(tail[:at], '\n')+1:], []byte(signatureMark)) {
			return at + 2
		}
	}
}

// signatureMark begins the lines of a note's signatures.
const signatureMark = "— "

// Checkpoints yields the notes that the data folder and PostgreSQL hold; many are in both. Without a database (nil) it
// yields the folder's alone.
func Checkpoints(ctx context.Context, db *sql.DB, data string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		f, err := os.Open(filepath.Join(data, checkpointFile))
		switch {
		case err == nil:
			defer f.Close()
			for note, err := range ReadCheckpoints(f) {
				if !yield(note, err) {
					return
				}
			}
		case !errors.Is(err, fs.ErrNotExist):
			yield("", fmt.Errorf("read the checkpoints: %w", err))
			return
		}
		if db == nil {
			return
		}
		rows, err := db.QueryContext(ctx, `SELECT note FROM harkara.checkpoint ORDER BY node, position`)
		if err != nil {
			yield("", fmt.Errorf("read the checkpoints of PostgreSQL: %w", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			var note string
			if err := rows.Scan(&note); err != nil {
				yield("", fmt.Errorf("read the checkpoints of PostgreSQL: %w", err))
				return
			}
			if !yield(note, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield("", fmt.Errorf("read the checkpoints of PostgreSQL: %w", err))
		}
	}
}

// ReadCheckpoints yields the notes of a file of checkpoints: each ends with its signatures. What comes last without an
// empty line behind it is yielded with ledger.ErrTorn: a power cut, or a reader that was too quick, may have it so.
func ReadCheckpoints(r io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var note strings.Builder
		signed := false
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			line := lines.Text()
			if signed && !strings.HasPrefix(line, signatureMark) {
				if !yield(note.String(), nil) {
					return
				}
				note.Reset()
				signed = false
			}
			signed = strings.HasPrefix(line, signatureMark)
			if line != "" || note.Len() > 0 {
				note.WriteString(line)
				note.WriteByte('\n')
			}
		}
		if err := lines.Err(); err != nil {
			yield("", fmt.Errorf("read the checkpoints: %w", err))
			return
		}
		if note.Len() > 0 {
			yield(note.String(), ledger.ErrTorn)
		}
	}
}
