package app

import (
	"context"
	"errors"
	"fmt"

	"harkara/cmd/internal/dispatch"
	"harkara/cmd/internal/intake"
	"harkara/dlt"
	"harkara/router"
	"harkara/smpp/session"
	"harkara/smpp/sms"
	"harkara/storage"
)

// table makes the route table of the configuration.
func (c *Config) table() (*router.Table, error) {
	var smscs []router.SMSC
	scrubs, err := c.ScrubRules()
	if err != nil {
		return nil, err
	}
	for i, s := range c.SMSCs {
		r := router.SMSC{ID: s.ID, Rules: *scrubs[i].Rules}
		for _, text := range s.Categories {
			category, err := dlt.ParseCategory(text)
			if err != nil {
				return nil, fmt.Errorf("SMSC %s: %w", s.ID, err)
			}
			r.Categories = append(r.Categories, category)
		}
		smscs = append(smscs, r)
	}
	var routes []router.Route
	for i, r := range c.Routes {
		route := router.Route{Match: router.Match{Tenants: r.Match.Tenants, Prefixes: r.Match.Prefixes}, Failover: r.Failover}
		for _, text := range r.Match.Classes {
			class, err := sms.ParseClass(text)
			if err != nil {
				return nil, fmt.Errorf("routes[%d]: %w", i, err)
			}
			route.Match.Classes = append(route.Match.Classes, class)
		}
		for _, h := range r.Match.Headers {
			route.Match.Headers = append(route.Match.Headers, dlt.Header(h))
		}
		for _, t := range r.Targets {
			route.Targets = append(route.Targets, router.Target{SMSC: t.SMSC, Weight: t.Weight})
		}
		routes = append(routes, route)
	}
	return router.NewTable(routes, smscs)
}

// tenants makes the tenants as the router knows them.
func (c *Config) tenants() []router.Tenant {
	list := make([]router.Tenant, len(c.Tenants))
	for i, t := range c.Tenants {
		list[i] = router.Tenant{ID: t.ID, TPS: t.TPS, DailyLimit: t.DailyLimit, Weight: t.Weight}
		for _, h := range t.Headers {
			list[i].Headers = append(list[i].Headers, dlt.Header(h))
		}
	}
	return list
}

// senders makes the tenants as dispatch knows them, as if they had sent nothing today.
func (c *Config) senders() map[sms.TenantID]dispatch.Tenant {
	all := map[sms.TenantID]dispatch.Tenant{}
	for _, t := range c.tenants() {
		all[t.ID] = dispatch.Tenant{Headers: t.Headers, Daily: router.NewDaily(t.DailyLimit)}
	}
	return all
}

// seed tells the daily limits what tenants had sent today before this start.
func (a *App) seed(ctx context.Context) error {
	for _, t := range a.cfg.Tenants {
		if t.DailyLimit == 0 {
			continue
		}
		used, err := storage.SentToday(ctx, a.db, t.ID, a.began)
		if err != nil {
			return err
		}
		a.senders[t.ID].Daily.Seed(a.began, used)
	}
	return nil
}

func (c *Config) policies() (p [len(sms.Classes)]dispatch.Policy) {
	for class, word := range map[sms.Class]string{sms.OTP: c.InDoubt.OTP, sms.Txn: c.InDoubt.Txn, sms.Bulk: c.InDoubt.Bulk} {
		if word == "resend_once" {
			p[class] = dispatch.ResendOnce
		}
	}
	return p
}

// history tells intake what became of a request, as of the ledger's present end.
func (a *App) history(ctx context.Context, tenant sms.TenantID, id sms.RequestID, key sms.Key) (intake.Known, error) {
	end, err := a.ledger.Last(ctx) // another gateway may have appended
	if err != nil {
		return intake.Known{}, err
	}
	// By its key, which is in one day's table; by its id, which may be of any day, only where that is not known.
	known, err := a.lookup.ByKey(ctx, key, end)
	if err == nil && !known.Found && id != "" {
		known, err = a.lookup.ByID(ctx, tenant, id, end)
	}
	if err != nil {
		return intake.Known{}, err
	}
	past := dispatch.Past{Attempts: known.LastAttempt(), Resent: known.PossibleDuplicate,
		// Parts that were accepted would be sent twice, too.
		Doubt: len(known.Accepted()) > 0}
	for _, attempt := range known.Attempts {
		for _, segment := range attempt.Segments {
			past.Doubt = past.Doubt || segment.Verdict == string(sms.Planned) || segment.Verdict == session.InDoubt.String()
		}
	}
	return intake.Known{Found: known.Found, Key: known.Key, Ended: known.Found && (known.Final || known.State == sms.Submitted), Past: past}, nil
}

// recentIDs is how many ids of earlier runs intake is told.
const recentIDs = 1 << 20

// rememberRecent tells intake which ids were handled before this start, once the projection has what the ledger has.
// Where PostgreSQL does not let it, the gateway goes on: JetStream's own window still drops copies.
func (a *App) rememberRecent(running context.Context) {
	if !a.up {
		a.log.Warn("without PostgreSQL copies of requests from before this start are not known")
		return
	}
	ctx, cancel := context.WithTimeout(running, drainTime)
	defer cancel()
	err := a.lookup.Await(ctx, a.ledger.End())
	for r, rowErr := range storage.RecentIDs(ctx, a.db.DB, recentIDs) {
		if err = errors.Join(err, rowErr); rowErr == nil {
			a.intake.Remember(r.Tenant, r.ID, r.Key)
		}
	}
	if err != nil && running.Err() == nil {
		a.log.Warn("recent request ids can't be read; copies of older requests will not be known", "error", err)
	}
}

// Choice is where a message would go, for programs.
type Choice struct {
	Category   dlt.Category  `json:"category"`
	Route      int           `json:"route"`  // from 1; 0: none matches
	Reason     router.Reason `json:"reason"` // why it goes nowhere; empty: it goes
	Candidates []Candidate   `json:"candidates"`
}

// Candidate is one SMSC of a choice, in the order of trying.
type Candidate struct {
	SMSC sms.SMSCID `json:"smsc"`
	Role string     `json:"role"`  // target or failover
	Now  string     `json:"state"` // ready, down, full or barred
}

// Choose says where a message would go: in the query's category, or in each where it names none.
func (c *Config) Choose(q router.Query, health router.Health) ([]Choice, error) {
	table, err := c.table()
	if err != nil {
		return nil, err
	}
	categories := []dlt.Category{q.Category}
	if q.Category == "" {
		categories = []dlt.Category{dlt.Transactional, dlt.ServiceImplicit, dlt.ServiceExplicit, dlt.Promotional, dlt.Government}
	}
	var list []Choice
	for _, q.Category = range categories {
		d := table.Select(q, health, 0)
		choice := Choice{Category: q.Category, Route: d.Route, Reason: d.Reason, Candidates: []Candidate{}}
		for _, candidate := range d.Candidates {
			choice.Candidates = append(choice.Candidates, Candidate{candidate.SMSC, candidate.Role.String(), candidate.Skip.String()})
		}
		list = append(list, choice)
	}
	return list, nil
}

// Explain says which SMSC a message would go to, and why.
func (c *Config) Explain(q router.Query, health router.Health) (string, error) {
	table, err := c.table()
	if err != nil {
		return "", err
	}
	for _, t := range c.tenants() {
		if t.ID == q.Tenant {
			return table.Explain(t, q, health), nil
		}
	}
	return "", fmt.Errorf("no tenant %q in the configuration", q.Tenant)
}
