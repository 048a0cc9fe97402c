package storage

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/storage/ledger"
)

// StatusStream is the stream of the statuses that tenants read, and of the events of their challenges.
const StatusStream = "SMS_STATUS"

const (
	// statusChunk is how many statuses go out before an acknowledgement is waited for: the most that an atomic batch
	// takes (nats-server 2.15), and well below what a stream's inbound queue holds.
	statusChunk = 1000
	// atomicFrom is from how many statuses on one atomic batch is cheaper than a sync for each: a batch costs about
	// 3 ms of its own.
	atomicFrom    = 32
	statusTimeout = 4 * time.Second
)

// OpenStatuses makes or updates the stream SMS_STATUS: subjects sms.<tenant>.status.<state> and
// sms.<tenant>.otp.event.<event>, kept for seven days.
func OpenStatuses(ctx context.Context, js jetstream.JetStream, replicas int) error {
	want := jetstream.StreamConfig{
		Name:               StatusStream,
		Description:        "what became of requests and challenges, for tenants",
		Subjects:           []string{"sms.*.status.*", "sms.*.otp.event.*"},
		Storage:            jetstream.FileStorage,
		Retention:          jetstream.LimitsPolicy,
		MaxAge:             7 * 24 * time.Hour,
		Replicas:           max(replicas, 1),
		AllowAtomicPublish: true,
		// The expected sequence keeps copies out. The window is short because every id in it costs the server memory.
		Duplicates: time.Second,
	}
	if _, err := ledger.OpenStream(ctx, js, want); err != nil {
		return fmt.Errorf("open the status stream %s: %w", StatusStream, err)
	}
	return nil
}

// statusStream publishes statuses in their order, each exactly once. It is the stream's only writer: every publish
// names the sequence that it expects, so after a lost acknowledgement, or with a second writer, it fails and the next
// session looks at what is there.
type statusStream struct {
	nc     *nats.Conn
	atomic bool     // the server syncs every write: use atomic batches
	last   uint64   // sequence of the last status
	lastID statusID // zero where there is none
}

// openStatusStream finds the last status that was published.
func openStatusStream(ctx context.Context, js jetstream.JetStream, atomic bool) (*statusStream, error) {
	stream, err := js.Stream(ctx, StatusStream)
	if err != nil {
		return nil, fmt.Errorf("find the status stream: %w", err)
	}
	s := &statusStream{nc: js.Conn(), atomic: atomic, last: stream.CachedInfo().State.LastSeq}
	if s.last == 0 {
		return s, nil
	}
	message, err := stream.GetMsg(ctx, s.last)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return s, nil // it has outlived its seven days
	}
	if err != nil {
		return nil, fmt.Errorf("read the last status: %w", err)
	}
	id, err := parseStatusID(message.Header.Get(jetstream.MsgIDHeader))
	if err == nil { // else an administrator has published here: what follows may come twice, but all of it comes
		s.lastID = id
	}
	return s, nil
}

// publish publishes those of the statuses that were not, and returns how many when all are acknowledged. After an
// error the statusStream is of no more use.
func (s *statusStream) publish(ctx context.Context, statuses []status) (int, error) {
	for len(statuses) > 0 && !statuses[0].id.after(s.lastID) {
		statuses = statuses[1:]
	}
	published := len(statuses)
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	for len(statuses) > 0 {
		chunk := statuses[:min(len(statuses), statusChunk)]
		if err := s.publishChunk(ctx, chunk); err != nil {
			return 0, fmt.Errorf("publish statuses: %w", err)
		}
		s.last += uint64(len(chunk))
		s.lastID = chunk[len(chunk)-1].id
		statuses = statuses[len(chunk):]
	}
	return published, nil
}

// publishChunk sends the statuses one behind the other and waits for the acknowledgement of the last, which proves the
// others: in a batch because it is atomic, else because each expects the one before.
func (s *statusStream) publishChunk(ctx context.Context, chunk []status) error {
	batch := ""
	if s.atomic && len(chunk) >= atomicFrom {
		batch = rand.Text()
	}
	for i := range chunk {
		m := &nats.Msg{Subject: chunk[i].subject, Data: chunk[i].payload, Header: nats.Header{
			jetstream.MsgIDHeader: {chunk[i].id.String()},
		}}
		if batch != "" {
			m.Header["Nats-Batch-Id"] = []string{batch}
			m.Header["Nats-Batch-Sequence"] = []string{strconv.Itoa(i + 1)}
		}
		if batch == "" || i == 0 {
			m.Header[jetstream.ExpectedLastSeqHeader] = []string{strconv.FormatUint(s.last+uint64(i), 10)}
		}
		if i < len(chunk)-1 {
			if err := s.nc.PublishMsg(m); err != nil {
				return err
			}
			continue
		}
		if batch != "" {
			m.Header["Nats-Batch-Commit"] = []string{"1"}
		}
		answer, err := s.nc.RequestMsgWithContext(ctx, m)
		if err != nil {
			return err
		}
		return checkAck(answer.Data, s.last+uint64(len(chunk)))
	}
	return nil
}

// checkAck reads a publish acknowledgement, which must name the sequence that the last status should have got.
func checkAck(raw []byte, want uint64) error {
	var ack struct {
		Seq   uint64              `json:"seq"`
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(raw, &ack); err != nil {
		return fmt.Errorf("read the acknowledgement: %w", err)
	}
	if ack.Error != nil {
		return ack.Error
	}
	if ack.Seq != want {
		return fmt.Errorf("the last status got sequence %d, expected %d: something else publishes to %s", ack.Seq, want, StatusStream)
	}
	return nil
}
