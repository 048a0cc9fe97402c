package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// Proof says whether a text is a message's, and what the message was.
type Proof struct {
	Same        bool           `json:"same"`
	Shredded    bool           `json:"shredded" db:"-"` // nobody can tell: the key is destroyed
	NoText      bool           `json:"no_text" db:"-"`  // nobody can tell: nothing is kept of its text
	RequestedAt time.Time      `json:"requested_at" db:"requested_at"`
	SubmittedAt *time.Time     `json:"submitted_at" db:"submitted_at"` // nil: no SMSC has accepted all of it
	State       sms.State      `json:"state" db:"state"`
	Template    dlt.TemplateID `json:"template" db:"template"`
	Header      dlt.Header     `json:"header" db:"header"`
	Entity      dlt.EntityID   `json:"entity" db:"entity"`
	SMSC        sms.SMSCID     `json:"smsc" db:"smsc"`
	ToLast4     string         `json:"to_last4" db:"to_last4"`
	Digest      []byte         `json:"-" db:"text_digest"`
}

// Prove says whether a text is that of a tenant's message: of several with the id, of any of them. A text is compared as it
// is, and with each form of line breaks, which is the SMSC's setting.
func (v *Vault) Prove(ctx context.Context, db *sqlx.DB, tenant sms.TenantID, id sms.RequestID, text sms.Secret) (Proof, error) {
	var found []Proof
	err := db.SelectContext(ctx, &found, `SELECT v.requested_at, v.submitted_at, v.state, v.template, v.header, v.entity,
			coalesce(v.smsc, '') AS smsc, v.to_last4, m.text_digest
		FROM harkara.v_message v JOIN harkara.message m ON m.key = v.key
		WHERE v.tenant = $1 AND v.id = $2 ORDER BY v.key`, string(tenant), string(id))
	if err != nil {
		return Proof{}, fmt.Errorf("find the message: %w", err)
	}
	if len(found) == 0 {
		return Proof{}, fmt.Errorf("tenant %s has no message %s", tenant, id)
	}
	lf := strings.ReplaceAll(text.Reveal(), "\r\n", "\n")
	forms := []sms.Secret{text, sms.Secret(lf), sms.Secret(strings.ReplaceAll(lf, "\n", "\r\n"))}
	for i := range found {
		p := &found[i]
		p.NoText = p.Digest == nil
		for _, form := range forms {
			same, err := v.Proves(tenant, p.RequestedAt, form, p.Digest)
			p.Shredded = !p.NoText && errors.Is(err, ErrShredded)
			if same {
				p.Same, p.Shredded = true, false
				return *p, nil
			}
		}
	}
	return found[0], nil
}
