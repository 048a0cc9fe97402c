package app

import (
	"context"
	"time"

	"harkara/cmd/internal/query"
	"harkara/smpp/sms"
	"harkara/storage"
)

// askers are those that send query_sm, for the SMSCs that are configured for it; asked counts.
func (a *App) askers(now time.Time, asked func(sms.SMSCID, bool)) []*query.Asker {
	var list []*query.Asker
	for i := range a.cfg.SMSCs {
		s := &a.cfg.SMSCs[i]
		if s.Query.After == 0 {
			continue
		}
		list = append(list, query.New(query.Config{
			SMSC: query.SMSC{ID: s.ID, After: s.Query.After, TPS: s.Query.TPS,
				SourceTON: byte(s.Source.TON), SourceNPI: byte(s.Source.NPI), Query: a.pools[s.ID].Query},
			Silent: func(ctx context.Context, smsc sms.SMSCID, from, to time.Time, limit int) ([]storage.SilentSegment, error) {
				return storage.Silent(ctx, a.db.DB, smsc, from, to, limit)
			},
			Told: a.dispatch.Asked, Asked: asked, Log: a.log,
		}, now))
	}
	return list
}
