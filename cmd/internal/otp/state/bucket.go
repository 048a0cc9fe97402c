package state

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/storage/ledger"
)

// writerHeader names the call that wrote a value, so that one whose acknowledgement was lost is known again.
const writerHeader = "Harkara-Write"

// errOvertaken says that a key is no longer at the revision that a write expected.
var errOvertaken = errors.New("somebody else wrote this key meanwhile")

// value is what a key holds. Without data the key is not there: it never was, has outlived its time, or was deleted.
type value struct {
	data     []byte
	revision uint64 // the sequence of its message; 0: there is none
	writer   string
	read     any // what data says, where that is known already; nobody changes it
}

// bucket is a key-value bucket (NATS ADR-8). The client's own KeyValue can't give a time to live to an update, so the
// messages are written here as it would write them, with Nats-TTL (ADR-43).
type bucket struct {
	nc     *nats.Conn
	stream jetstream.Stream
	prefix string // of its keys' subjects
	name   string // of this process's writes, with a number behind it
	writes atomic.Uint64
	answer time.Duration // for one answer of the server
	locks  locks
	cache  cache
	// grows says that what is kept under a key gets more, but for what is given back: a refusal by an older value is taken
	// to hold for a newer one, which errs to the strict side.
	grows bool
}

// openBucket makes or updates a bucket. It has no markers for what outlives its time (LimitMarkerTTL): nobody watches the
// keys, and each marker would be a write of its own. A direct get may be answered by a replica that is behind, so with
// replicas the reads go to the leader.
func openBucket(ctx context.Context, cfg *Config, name, description string) (*bucket, error) {
	stream, err := ledger.OpenStream(ctx, cfg.JS, jetstream.StreamConfig{
		Name: "KV_" + name, Subjects: []string{"$KV." + name + ".>"}, Description: description,
		MaxMsgsPerSubject: 1, Discard: jetstream.DiscardNew, DenyDelete: true, AllowRollup: true, AllowMsgTTL: true,
		AllowDirect: cfg.Replicas <= 1, Storage: cfg.storage(), Replicas: max(cfg.Replicas, 1),
	})
	if err != nil {
		return nil, fmt.Errorf("open the bucket %s: %w", name, err)
	}
	return &bucket{nc: cfg.JS.Conn(), stream: stream, prefix: "$KV." + name + ".", name: rand.Text()[:10],
		answer: answerTime, locks: locks{held: map[string]*keyLock{}}, cache: cache{entries: map[string]entry{}}}, nil
}

// get reads a key from the stream.
func (b *bucket) get(ctx context.Context, key string) (value, error) {
	ctx, cancel := context.WithTimeout(ctx, b.answer)
	defer cancel()
	msg, err := b.stream.GetLastMsgForSubject(ctx, b.prefix+key)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return value{}, nil
	}
	if err != nil {
		return value{}, err
	}
	v := value{data: append([]byte{}, msg.Data...), revision: msg.Sequence, writer: msg.Header.Get(writerHeader)}
	if msg.Header.Get("KV-Operation") != "" || msg.Header.Get(jetstream.MarkerReasonHeader) != "" {
		v.data = nil // an administrator's delete or purge
	}
	return v, nil
}

// publish writes data under a key that is at a revision, else it fails with errOvertaken, and returns the new revision.
// With another error the write may be there, or come yet.
func (b *bucket) publish(ctx context.Context, key string, data []byte, revision uint64, ttl time.Duration,
	writer string) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, b.answer)
	defer cancel()
	m := &nats.Msg{Subject: b.prefix + key, Data: data, Header: nats.Header{
		jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(revision, 10)}, writerHeader: {writer}}}
	if ttl != 0 {
		m.Header[jetstream.MsgTTLHeader] = []string{seconds(ttl)}
	}
	return request(ctx, b.nc, m)
}

// seconds words a time to live: whole seconds, no fewer than asked for and at least one.
func seconds(ttl time.Duration) string {
	return strconv.FormatInt(max(1, int64((ttl+time.Second-1)/time.Second)), 10) + "s"
}

// request publishes to a stream and returns the message's sequence.
func request(ctx context.Context, nc *nats.Conn, m *nats.Msg) (uint64, error) {
	answer, err := nc.RequestMsgWithContext(ctx, m)
	if err != nil {
		return 0, err
	}
	var ack struct {
		Sequence uint64              `json:"seq"`
		Error    *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(answer.Data, &ack); err != nil {
		return 0, fmt.Errorf("read the acknowledgement: %w", err)
	}
	switch {
	case ack.Error == nil:
		return ack.Sequence, nil
	case ack.Error.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence,
		ack.Error.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant:
		return 0, errOvertaken
	}
	return 0, ack.Error
}
