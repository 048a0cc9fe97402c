package sheet

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/xuri/excelize/v2"

	"harkara/dlt"
)

// maxUnzipped bounds what a workbook may unfold to, in bytes: an export of 100,000 templates has some 60 MB of XML.
const maxUnzipped = 256 << 20

// File is an export that was opened. It is not for several goroutines at once.
type File struct {
	file   *os.File
	book   *excelize.File // nil for CSV
	digest []byte
}

// Open opens an export: a workbook (XLSX) or CSV, told apart by what is in it, not by its name. The error says what to
// save the file as where it is neither.
func Open(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f := &File{file: file}
	if err := f.read(); err != nil {
		_ = file.Close() // what failed is said already
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

func (f *File) read() error {
	sum := sha256.New()
	if _, err := io.Copy(sum, f.file); err != nil {
		return err
	}
	f.digest = sum.Sum(nil)
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	in := bufio.NewReader(f.file)
	head, err := in.Peek(4)
	switch {
	case err != nil && err != io.EOF:
		return err
	case bytes.Equal(head, []byte("\xd0\xcf\x11\xe0")):
		return errors.New("the file is an old workbook (.xls), or one with a password: save it as .xlsx without one")
	case !bytes.Equal(head, []byte("PK\x03\x04")):
		_, err := f.file.Seek(0, io.SeekStart)
		return err
	}
	// Values as they are stored: a format may show 1.10716E+18 of an id whose digits are all there.
	f.book, err = excelize.OpenReader(in, excelize.Options{RawCellValue: true, UnzipSizeLimit: maxUnzipped})
	if err != nil {
		return fmt.Errorf("read workbook: %w: save it anew as .xlsx, or as \"CSV UTF-8\"", err)
	}
	return nil
}

// Digest returns the SHA-256 of the file as it is on disk.
func (f *File) Digest() []byte { return f.digest }

// Close gives the file back.
func (f *File) Close() error {
	var err error
	if f.book != nil {
		err = f.book.Close()
	}
	return errors.Join(err, f.file.Close())
}

// Rows yields the rows of the file, once: of a workbook those of its first sheet that has any. Line is the number that
// the spreadsheet shows, or the line of the CSV file where the row begins.
func (f *File) Rows() iter.Seq2[dlt.SourceRow, error] {
	if f.book == nil {
		return dlt.CSV(f.file)
	}
	return f.bookRows
}
