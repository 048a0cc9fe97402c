package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage"
)

// states are those that a message may be in.
var states = []string{string(sms.Planned), string(sms.Submitted), string(sms.Delivered), string(sms.Undelivered),
	string(sms.Expired), string(sms.Unreported), string(sms.Rejected), string(sms.Refused), string(sms.Lapsed), string(sms.InDoubt)}

// checkState lets a known state pass, and none: another would find nothing, which looks like an answer.
func checkState(state string) error {
	if state == "" || slices.Contains(states, state) {
		return nil
	}
	return usageError{fmt.Errorf("--state %q is not one of %s", state, strings.Join(states, ", "))}
}

// checkClass lets a known class pass, and none.
func checkClass(class string) error {
	if class == "" {
		return nil
	}
	if _, err := sms.ParseClass(class); err != nil {
		return usageError{fmt.Errorf("--class: %w", err)}
	}
	return nil
}

// noteSMSC notes an SMSC that the configuration does not have.
func noteSMSC(notes io.Writer, cfg *app.Config, id string) {
	if id != "" && !slices.ContainsFunc(cfg.SMSCs, func(s app.SMSC) bool { return string(s.ID) == id }) {
		noteUnknown(notes, "smsc", "configuration")
	}
}

// notes notes what the search names and nobody has.
func (s *messageSearch) notes(cmd *cobra.Command, cfg *app.Config, db *sqlx.DB) error {
	tenantOf(cmd.ErrOrStderr(), cfg, s.tenant)
	noteSMSC(cmd.ErrOrStderr(), cfg, s.smsc)
	return noteTemplate(cmd, db, s.template)
}

// noteUnknown says that nothing has the name that a filter gives. It is no error, as there may be messages of it: those
// that were rejected for it, or of a time when there was one. The name itself may be anything, and is not repeated.
func noteUnknown(notes io.Writer, flag, where string) {
	fmt.Fprintf(notes, "note: --%s: no such %s in the %s\n", flag, flag, where)
}

// tenantOf is the tenant that --tenant names; nil for none, with a note where the configuration does not have it.
func tenantOf(notes io.Writer, cfg *app.Config, id string) *app.Tenant {
	if i := slices.IndexFunc(cfg.Tenants, func(t app.Tenant) bool { return string(t.ID) == id }); i >= 0 {
		return &cfg.Tenants[i]
	}
	if id != "" {
		noteUnknown(notes, "tenant", "configuration")
	}
	return nil
}

// noteFilter notes what the filter names and the register does not have.
func (u *use) noteFilter(notes io.Writer) {
	if _, ok := u.Register.Template(u.filter.Template); !ok && u.filter.Template != "" {
		noteUnknown(notes, "template", "register")
	}
	if u.filter.Header == "" {
		return
	}
	for h := range u.Register.Headers() {
		if h.Header == u.filter.Header {
			return
		}
	}
	noteUnknown(notes, "header", "register (its letters count by case)")
}

// noteTemplate notes a template that the register never had, without reading all of the register.
func noteTemplate(cmd *cobra.Command, db *sqlx.DB, id string) error {
	if id == "" {
		return nil
	}
	history, err := storage.History(cmd.Context(), db, dlt.KindTemplate, id)
	if err == nil && len(history) == 0 {
		noteUnknown(cmd.ErrOrStderr(), "template", "register")
	}
	return err
}
