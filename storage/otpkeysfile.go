package storage

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// otpFile is the file of the OTP keys in the key folder.
const otpFile = "otp.json"

// readOTPFile reads a file of OTP keys, wrapped or not, and what file it is.
func readOTPFile(path string) (*otpRing, fs.FileInfo, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read the OTP keys: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("read the OTP keys: %w", err)
	}
	text := make([]byte, info.Size())
	if _, err := file.ReadAt(text, 0); err != nil {
		return nil, nil, fmt.Errorf("read the OTP keys: %w", err)
	}
	r, err := parseOTPRing(text)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, info, nil
}

// readOTPCredential reads the keys that systemd has decrypted.
func readOTPCredential(path, name string) (*otpRing, fs.FileInfo, error) {
	r, info, err := readOTPFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, fmt.Errorf("%w; the unit needs LoadCredentialEncrypted=%s:PATH", err, name)
	case err == nil && r.Master != "":
		return nil, nil, fmt.Errorf("the credential %s is wrapped, as keys/otp.json is: make it of what harkara keys export --otp prints", name)
	}
	return r, info, err
}

// readOTP reads the folder's file as it is, wrapped. It fails with fs.ErrNotExist where there never was one.
func (f keyFolder) readOTP() (*otpRing, fs.FileInfo, error) {
	path := f.file(otpFile)
	r, info, err := readOTPFile(path)
	if errors.Is(err, fs.ErrNotExist) && f.hadOTP() {
		return nil, nil, fmt.Errorf("%s is gone: put its backup back. Without it no code that is under way verifies, and no authenticator "+
			"app; to go on nevertheless, remove %s", path, f.file(lockFile))
	}
	if err == nil && r.Master == "" {
		return nil, nil, fmt.Errorf("%s: %w", path, errNoOTPKeys)
	}
	return r, info, err
}

// otpMark in the lock's file says that there are OTP keys.
const otpMark = "keys of OTP codes were made here\n"

// hadOTP says whether there ever were OTP keys here.
func (f keyFolder) hadOTP() bool {
	text, err := os.ReadFile(f.file(lockFile))
	return err == nil && strings.Contains(string(text), otpMark)
}

// writeOTP puts wrapped OTP keys in the place of those that are there, and overwrites these: they may be wrapped with a master
// key that is to be of no use any more. The lock is held.
func (f keyFolder) writeOTP(r *otpRing) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("write the OTP keys: %w", err)
	}
	if err := f.put(f.file(otpFile), append(text, '\n'), true); err != nil {
		return fmt.Errorf("write the OTP keys: %w", err)
	}
	if f.hadOTP() {
		return nil
	}
	lock, err := os.OpenFile(f.file(lockFile), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("write the OTP keys: %w", err)
	}
	_, err = lock.WriteString(otpMark)
	return errors.Join(err, lock.Sync(), lock.Close())
}
