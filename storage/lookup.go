package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// Lookup answers what became of a request, as of a position of the ledger. It is safe for concurrent use.
type Lookup struct {
	db       *sql.DB
	byID     atomic.Pointer[sql.Stmt]
	position atomic.Uint64 // the projection was at least here
	asking   chan struct{} // holds one token: one asks for the position, the others wait for its answer
	asked    time.Time     // when the last answer came; held with the token
}

// Known is what the projection knows of one request.
type Known struct {
	Found             bool
	Key               sms.Key
	State             sms.State
	Final             bool // nothing further is to be done for it: its state is an end, or in doubt
	PossibleDuplicate bool
	SMSC              sms.SMSCID
	Attempts          []KnownAttempt // by number
}

// KnownAttempt is one attempt with its segments.
type KnownAttempt struct {
	Number   int
	SMSC     sms.SMSCID
	Segments []KnownSegment // by index
}

// KnownSegment is one segment of an attempt. Verdict is "planned" while nothing is known of its answer: it may or may
// not have been written.
type KnownSegment struct {
	Index     int
	Verdict   string
	Accepted  bool
	MessageID sms.MessageID
}

// LastAttempt returns the highest number of an attempt, 0 where there was none.
func (k *Known) LastAttempt() (n int) {
	for _, a := range k.Attempts {
		n = max(n, a.Number)
	}
	return n
}

// Accepted returns the segments that an SMSC has accepted, in order.
func (k *Known) Accepted() []int {
	var indexes []int
	for _, a := range k.Attempts {
		for _, s := range a.Segments {
			if s.Accepted {
				indexes = append(indexes, s.Index)
			}
		}
	}
	slices.Sort(indexes)
	return slices.Compact(indexes)
}

// NewLookup returns a Lookup on the database.
func NewLookup(db *sql.DB) *Lookup { return &Lookup{db: db, asking: make(chan struct{}, 1)} }

// ByKey says what is known of the request with the key once the projection has reached asOf. Where it does not get
// there before ctx ends, the error wraps ctx.Err(): nothing is known then, not even that the request is new.
func (l *Lookup) ByKey(ctx context.Context, key sms.Key, asOf ledger.Position) (Known, error) {
	if err := l.Await(ctx, asOf); err != nil {
		return Known{}, err
	}
	return l.read(ctx, key)
}

// ByID is ByKey for a tenant's own id. Of several requests with the id it means the first.
func (l *Lookup) ByID(ctx context.Context, tenant sms.TenantID, id sms.RequestID, asOf ledger.Position) (Known, error) {
	if err := l.Await(ctx, asOf); err != nil {
		return Known{}, err
	}
	first, err := l.firstByID(ctx)
	if err != nil {
		return Known{}, fmt.Errorf("look up a request by its id: %w", err)
	}
	var key sms.Key
	err = first.QueryRowContext(ctx, string(tenant), string(id)).Scan(&key)
	if errors.Is(err, sql.ErrNoRows) {
		return Known{}, nil
	}
	if err != nil {
		return Known{}, fmt.Errorf("look up a request by its id: %w", err)
	}
	return l.read(ctx, key)
}

// firstByID finds the key of the first request with an id, on any day. To plan for hundreds of days takes many times as
// long as to look into their indexes, so that it is prepared: PostgreSQL keeps one plan for all ids on each connection,
// after a few that it makes anew.
func (l *Lookup) firstByID(ctx context.Context) (*sql.Stmt, error) {
	if s := l.byID.Load(); s != nil {
		return s, nil
	}
	s, err := l.db.PrepareContext(ctx, `SELECT key FROM harkara.message WHERE tenant = $1 AND id = $2 ORDER BY fact LIMIT 1`)
	if err != nil {
		return nil, err
	}
	if !l.byID.CompareAndSwap(nil, s) {
		return l.byID.Load(), s.Close() // another was as fast
	}
	return s, nil
}

// pollPause is how often the projection's position is asked for while somebody waits for it.
const pollPause = 20 * time.Millisecond

// Await waits until the projection has reached a position.
func (l *Lookup) Await(ctx context.Context, asOf ledger.Position) error {
	for ledger.Position(l.position.Load()) < asOf {
		select {
		case l.asking <- struct{}{}:
		case <-ctx.Done():
			return fmt.Errorf("wait for the projection to reach position %d: %w", asOf, ctx.Err())
		}
		err := l.ask(ctx, asOf)
		<-l.asking
		if err != nil {
			return fmt.Errorf("wait for the projection to reach position %d: %w", asOf, err)
		}
	}
	return nil
}

// ask reads the position, not before pollPause has passed since the last time. The token is held.
func (l *Lookup) ask(ctx context.Context, asOf ledger.Position) error {
	if ledger.Position(l.position.Load()) >= asOf {
		return nil
	}
	select {
	case <-time.After(pollPause - time.Since(l.asked)):
	case <-ctx.Done():
		return ctx.Err()
	}
	position, err := Projected(ctx, l.db)
	l.position.Store(max(uint64(position), l.position.Load()))
	l.asked = time.Now()
	return err
}

// What the views would say of one key, with the key in every branch: so that the planner finds its day in each.
const (
	selectStanding = `
		SELECT state, possible_duplicate, smsc FROM (
			SELECT fact, state, possible_duplicate, smsc FROM harkara.message WHERE key = $1
			UNION ALL
			SELECT fact, state, possible_duplicate, smsc FROM harkara.transition WHERE key = $1
		) s ORDER BY fact DESC LIMIT 1`
	selectSegments = `
		SELECT DISTINCT ON (attempt, segment) attempt, segment, smsc, verdict, coalesce(message_id, '') FROM (
			SELECT 0 AS fact, attempt, segment, smsc, verdict, message_id FROM harkara.attempt WHERE key = $1
			UNION ALL
			SELECT fact, attempt, segment, smsc, verdict, message_id FROM harkara.answer WHERE key = $1
		) s ORDER BY attempt, segment, fact DESC`
)

func (l *Lookup) read(ctx context.Context, key sms.Key) (Known, error) {
	k := Known{Key: key}
	var smsc sql.NullString
	err := l.db.QueryRowContext(ctx, selectStanding, key).Scan(&k.State, &k.PossibleDuplicate, &smsc)
	if errors.Is(err, sql.ErrNoRows) {
		return Known{}, nil
	}
	if err != nil {
		return Known{}, fmt.Errorf("look up a request: %w", err)
	}
	k.Found, k.Final, k.SMSC = true, final(k.State) || k.State == sms.InDoubt, sms.SMSCID(smsc.String)
	found, err := l.db.QueryContext(ctx, selectSegments, key)
	if err != nil {
		return Known{}, fmt.Errorf("look up the attempts of a request: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var number int
		var on sms.SMSCID
		var s KnownSegment
		if err := found.Scan(&number, &s.Index, &on, &s.Verdict, &s.MessageID); err != nil {
			return Known{}, fmt.Errorf("look up the attempts of a request: %w", err)
		}
		s.Accepted = s.Verdict == accepted
		if len(k.Attempts) == 0 || k.Attempts[len(k.Attempts)-1].Number != number {
			k.Attempts = append(k.Attempts, KnownAttempt{Number: number, SMSC: on})
		}
		a := &k.Attempts[len(k.Attempts)-1]
		a.Segments = append(a.Segments, s)
	}
	return k, found.Err()
}

// RecentID is one request that was there.
type RecentID struct {
	Tenant sms.TenantID
	ID     sms.RequestID
	Key    sms.Key
}

// RecentIDs yields the ids of the newest requests, newest first, at most limit. An error ends it.
func RecentIDs(ctx context.Context, db *sql.DB, limit int) iter.Seq2[RecentID, error] {
	return func(yield func(RecentID, error) bool) {
		found, err := db.QueryContext(ctx, `SELECT tenant, id, key FROM harkara.message ORDER BY key DESC LIMIT $1`, limit)
		if err != nil {
			yield(RecentID{}, fmt.Errorf("read recent ids: %w", err))
			return
		}
		defer found.Close()
		for found.Next() {
			var r RecentID
			if err := found.Scan(&r.Tenant, &r.ID, &r.Key); err != nil {
				yield(RecentID{}, fmt.Errorf("read recent ids: %w", err))
				return
			}
			if !yield(r, nil) {
				return
			}
		}
		if err := found.Err(); err != nil {
			yield(RecentID{}, fmt.Errorf("read recent ids: %w", err))
		}
	}
}
