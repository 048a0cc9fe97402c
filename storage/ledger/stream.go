package ledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Where the stream's metadata hold the lineage, and the shortest time for which a gateway ever had frames kept: no frame
// younger than that has left the stream by itself. "0s" says that all were kept for ever.
const (
	lineageKey = "harkara-lineage"
	keepKey    = "harkara-keep"
)

// openStream makes the stream, or brings one that is there to what it must be, and says what was wrong with it.
func (l *Ledger) openStream(ctx context.Context) error {
	want := jetstream.StreamConfig{
		Name:        Stream,
		Description: "everything that happened to every message, in chained frames of JSON lines",
		Subjects:    []string{"ledger.>"},
		Storage:     jetstream.FileStorage,
		Retention:   jetstream.LimitsPolicy,
		Replicas:    l.config.Replicas,
		MaxAge:      l.config.Keep,
		DenyDelete:  true,
		DenyPurge:   true,
		Duplicates:  duplicateWindow,
		Metadata:    map[string]string{lineageKey: rand.Text(), keepKey: l.config.Keep.String()},
	}
	if l.config.Keep > 0 { // the server wants it no longer than that
		want.Duplicates = min(duplicateWindow, l.config.Keep)
	}
	there, err := l.js.Stream(ctx, Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if l.stream, err = l.js.CreateStream(ctx, want); err == nil {
			l.lineage, l.shortest = want.Metadata[lineageKey], l.config.Keep
			l.stream, err = l.js.UpdateStream(ctx, want) // see OpenStream
			return err
		}
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another gateway was faster
			there, err = l.js.Stream(ctx, Stream)
		}
	}
	if err != nil {
		return fmt.Errorf("open the ledger stream %s: %w", Stream, err)
	}
	was := there.CachedInfo()
	want.Metadata[lineageKey] = lineageOf(was)
	l.lineage = want.Metadata[lineageKey]
	shortest, _ := shortestKeep(was.Config)
	l.shortest = shorter(shortest, l.config.Keep)
	want.Metadata[keepKey] = l.shortest.String()
	weak := weaknesses(was.Config)
	if len(weak) == 0 && was.Config.MaxAge == want.MaxAge && Fits(was.Config, want) {
		l.stream = there
		return nil
	}
	if was.Config.Metadata[lineageKey] != "" { // older streams were made otherwise
		for _, what := range weak {
			l.Alarm(fmt.Errorf("the stream %s %s; that is set right now: find out who did it, and run harkara ledger verify", Stream, what))
		}
	}
	if l.stream, err = l.js.UpdateStream(ctx, want); err != nil {
		return fmt.Errorf("bring the ledger stream %s up to date: %w", Stream, err)
	}
	if was.Config.MaxAge != want.MaxAge && l.config.Trace.Kept != nil {
		l.config.Trace.Kept(was.Config.MaxAge, want.MaxAge)
	}
	return nil
}

// findStream takes the stream as it is; ErrNoLedger where there is none.
func (l *Ledger) findStream(ctx context.Context) (err error) {
	l.stream, err = l.js.Stream(ctx, Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return ErrNoLedger
	}
	if err != nil {
		return fmt.Errorf("open the ledger stream %s: %w", Stream, err)
	}
	info := l.stream.CachedInfo()
	l.lineage = lineageOf(info)
	l.shortest, _ = shortestKeep(info.Config)
	l.config.Keep = info.Config.MaxAge
	return nil
}

// shortestKeep is the shortest time for which gateways had frames kept; 0: always for ever. Streams of before that was
// written down are believed.
func shortestKeep(cfg jetstream.StreamConfig) (keep time.Duration, written bool) {
	keep, err := time.ParseDuration(cfg.Metadata[keepKey])
	if err != nil {
		return cfg.MaxAge, false
	}
	return keep, true
}

// shorter is the shorter of two times to keep; 0 is for ever.
func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// lineageOf is a stream's lineage. One of before there were any gets it from when it was made, so that two gateways that
// open it at once agree.
func lineageOf(info *jetstream.StreamInfo) string {
	if have := info.Config.Metadata[lineageKey]; have != "" {
		return have
	}
	made := sha256.Sum256(info.Created.UTC().AppendFormat(nil, time.RFC3339Nano))
	return hex.EncodeToString(made[:13])
}

// weaknesses are the ways in which a stream's settings let frames vanish before their time.
// A time to keep that gateways have set before is none.
func weaknesses(cfg jetstream.StreamConfig) (what []string) {
	keep, _ := shortestKeep(cfg)
	for _, w := range []struct {
		weak bool
		what string
	}{
		{!cfg.DenyDelete, "allowed frames to be deleted"},
		{!cfg.DenyPurge, "allowed frames to be purged"},
		{cfg.AllowRollup, "allowed a frame to replace all before it (roll-up)"},
		{cfg.AllowMsgTTL, "allowed frames with a time to live of their own"},
		{cfg.MaxMsgs > 0, fmt.Sprintf("kept no more than %d frames", cfg.MaxMsgs)},
		{cfg.MaxMsgsPerSubject > 0, fmt.Sprintf("kept no more than %d frames of a node", cfg.MaxMsgsPerSubject)},
		{cfg.MaxBytes > 0, fmt.Sprintf("kept no more than %d bytes", cfg.MaxBytes)},
		{cfg.MaxAge > 0 && (keep == 0 || cfg.MaxAge < keep), fmt.Sprintf("kept frames for no longer than %s", cfg.MaxAge)},
	} {
		if w.weak {
			what = append(what, w.what)
		}
	}
	return what
}
