package main

import (
	"fmt"

	"harkara/cmd/internal/app"
	"harkara/smpp/sms"
	"harkara/storage"
)

// msisdn is the number that --number asks for; empty for none.
func (s *messageSearch) msisdn() (sms.MSISDN, error) {
	if s.number == "" {
		return "", nil
	}
	n, err := sms.ParseMSISDN(s.number)
	if err != nil {
		return n, usageError{fmt.Errorf("--number: %w", err)}
	}
	return n, nil
}

// digestsOf is by what the database knows a number in the filter's time; nil for no number.
func digestsOf(cfg *app.Config, number sms.MSISDN, f *storage.MessageFilter) ([]storage.MonthDigests, error) {
	if number == "" {
		return nil, nil
	}
	vault, err := app.OpenVault(cfg)
	if err != nil {
		return nil, err
	}
	months := vault.Digests(f.Tenant, number, f.From, f.To)
	if months == nil {
		months = []storage.MonthDigests{} // no row can have it
	}
	return months, nil
}
