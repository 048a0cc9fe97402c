package storage

import (
	"bytes"
	"context"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// shredded is what the ledger says was shredded, by tenant and month. What PostgreSQL says of its keys excuses nothing:
// who changes rows could change that too.
type shredded struct {
	months  map[tenantMonth]bool // as a whole
	numbers map[tenantMonth]bool // some number in it
}

type tenantMonth struct {
	tenant sms.TenantID
	month  string
}

// shreddings reads the ledger up to a position.
func shreddings(ctx context.Context, l *ledger.Ledger, to ledger.Position) (*shredded, error) {
	gone := &shredded{months: map[tenantMonth]bool{}, numbers: map[tenantMonth]bool{}}
	if first, _, err := l.Oldest(ctx); err != nil || to < first {
		return gone, err
	}
	still, err := l.Until(ctx, to)
	if err != nil {
		return nil, err
	}
	reader, err := still.Read(ctx, 0)
	if err != nil {
		return nil, err
	}
	defer reader.Stop()
	word := []byte(`"` + ledger.Shredded + `"`) // to decode the few frames that may have one
	var decoder ledger.Decoder
	for {
		frame, err := reader.Next(ctx)
		if err != nil {
			return nil, err
		}
		if bytes.Contains(frame.Payload, word) {
			decoder.DecodeFrame(frame.Payload, func(_ int, e *ledger.Event, _ []byte, err error) {
				if err == nil && e.Kind == ledger.Shredded && unfitShred(e.Shred) == "" {
					gone.note(e.Shred)
				}
			})
		}
		if frame.Position >= still.End() {
			return gone, nil
		}
	}
}

func (g *shredded) note(s *ledger.Shred) {
	of := tenantMonth{s.Tenant, s.Month}
	if len(s.Keys) == 0 {
		g.months[of] = true
	} else {
		g.numbers[of] = true // those rows are blank in a replay as well
	}
}

// excuses says whether a sealed column may differ from its frame. A month's shredding blanks rows that an earlier version
// sealed, under one key for all; that of a number seals anew what its key had sealed of others in that tenant's month.
// Where the one key of all goes, either seals anew the rows of any tenant and month; those are known by having no mark.
func (g *shredded) excuses(have, want *bookRow, column string) bool {
	at, err := time.Parse(time.RFC3339Nano, want.cell("requested_at"))
	if err != nil {
		return false
	}
	of := tenantMonth{sms.TenantID(want.cell("tenant")), monthOf(at).String()}
	if have.cell(column) == "" {
		return g.months[of]
	}
	legacy := want.cell("to_mark") == "" && len(g.months)+len(g.numbers) > 0
	return column != "text_digest" && (g.numbers[of] || legacy) && anew(have.cell("to_sealed"), want.cell("to_sealed"))
}

// anew says whether a number was sealed by another key than its frame has it from. The key's id stands in front.
func anew(have, want string) bool {
	const id = 2 * legacyIDSize // in hex digits; of a longer one, enough
	return len(have) > id && len(want) > id && have[:id] != want[:id]
}
