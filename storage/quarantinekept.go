package storage

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// quarantineKey is where the bucket of the register's snapshot holds the quarantine: the gzip of a JSON list.
const quarantineKey = "quarantine"

// keptPair is a pair in quarantine.
type keptPair struct {
	Template dlt.TemplateID `json:"template"`
	SMSC     sms.SMSCID     `json:"smsc"`
	Since    time.Time      `json:"since"`
}

// KeepQuarantine keeps what is in quarantine beside the register's snapshot, which must be there (see SaveSnapshot).
// Where the same is kept already nothing is written.
func KeepQuarantine(ctx context.Context, js jetstream.JetStream, pairs map[Pair]time.Time) error {
	list := make([]keptPair, 0, len(pairs))
	for pair, since := range pairs {
		list = append(list, keptPair{pair.Template, pair.SMSC, since.UTC()})
	}
	slices.SortFunc(list, func(a, b keptPair) int {
		return cmp.Or(cmp.Compare(a.Template, b.Template), cmp.Compare(a.SMSC, b.SMSC))
	})
	value, err := pack(list)
	if err == nil {
		err = putQuarantine(ctx, js, value)
	}
	if err != nil {
		return fmt.Errorf("keep the quarantine in %s: %w", registerBucket, err)
	}
	return nil
}

func putQuarantine(ctx context.Context, js jetstream.JetStream, value []byte) error {
	kv, err := js.KeyValue(ctx, registerBucket)
	if err != nil {
		return err
	}
	kept, err := kv.Get(ctx, quarantineKey)
	switch {
	case err == nil && bytes.Equal(kept.Value(), value):
		return nil
	case err != nil && !errors.Is(err, jetstream.ErrKeyNotFound):
		return err
	}
	_, err = kv.Put(ctx, quarantineKey, value)
	return err
}

// KeptQuarantine returns what was last kept by KeepQuarantine, with times in UTC; nothing where that never was.
func KeptQuarantine(ctx context.Context, js jetstream.JetStream) (map[Pair]time.Time, error) {
	pairs := map[Pair]time.Time{}
	var entry jetstream.KeyValueEntry
	kv, err := js.KeyValue(ctx, registerBucket)
	if err == nil {
		entry, err = kv.Get(ctx, quarantineKey)
	}
	if errors.Is(err, jetstream.ErrBucketNotFound) || errors.Is(err, jetstream.ErrKeyNotFound) {
		return pairs, nil
	}
	var list []keptPair
	if err == nil {
		err = unpack(entry.Value(), &list)
	}
	if err != nil {
		return nil, fmt.Errorf("read the quarantine from %s: %w", registerBucket, err)
	}
	for _, p := range list {
		pairs[Pair{p.Template, p.SMSC}] = p.Since
	}
	return pairs, nil
}
