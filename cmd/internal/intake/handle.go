package intake

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/cmd/internal/dispatch"
	"harkara/smpp/sms"
)

// lookupPatience is how long a request that JetStream brought again waits for the books before the policy decides.
const lookupPatience = 5 * time.Second

// handle sees one request through: it is acknowledged when its outcome is in the ledger, and never before.
func (in *Intake) handle(ctx context.Context, msg jetstream.Msg, asked time.Time, tenant sms.TenantID, class sms.Class) {
	meta, err := msg.Metadata()
	if err != nil {
		in.cfg.Log.Error("a request came without JetStream's metadata; left in the stream", "tenant", tenant, "error", err)
		return
	}
	sequence := meta.Sequence.Stream
	lease, ok := in.begin(sequence, msg, asked, share{tenant, class})
	if !ok {
		return // it is on its way already; that one will acknowledge it
	}
	defer in.done(sequence)
	if !lease.Held(time.Now()) {
		in.letGo(tenant, dispatch.ErrLetGo)
		return
	}
	in.step("after_fetch")
	req := sms.Request{Key: keyOf(meta), Tenant: tenant, Class: class, Requested: meta.Timestamp, Lease: lease}
	failure := decode(msg.Data(), &req)
	if failure == nil && !in.mayBe(&req, msg) {
		failure = bad("id: the form otp.<challenge>.<n> is the OTP service's")
		req.ID = ""
	}
	ended, past, err := in.known(ctx, &req, sequence, meta.NumDelivered)
	if req.ID == "" {
		req.ID = sms.RequestID(fmt.Sprint(sequence)) // for its status; no tenant's id is meant
	}
	switch {
	case err != nil || ended:
	case failure != nil:
		err = in.cfg.Dispatch.Reject(ctx, &req, failure)
	default:
		err = in.cfg.Dispatch.Send(ctx, &req, past)
	}
	switch {
	case err == nil:
		in.step("before_ack")
		in.log(msg.Ack())
	case !lease.Held(time.Now()) || !in.cfg.JS.Conn().IsConnected():
		in.letGo(tenant, err) // what is given back late is taken from whoever has it by then
	default:
		in.giveBack(ctx, msg, tenant, err)
	}
}

// mayBe says whether a request may have its id: what became of a code would be made up by one that is not its sender's.
func (in *Intake) mayBe(req *sms.Request, msg jetstream.Msg) bool {
	if _, _, reserved := sms.OTPSend(req.ID); !reserved {
		return true
	}
	return in.cfg.Ours != nil && in.cfg.Ours(req.Tenant, req.ID, msg.Headers().Get(OursHeader))
}

func (in *Intake) step(place string) {
	if in.cfg.Trace.Step != nil {
		in.cfg.Trace.Step(place)
	}
}

// known says what became of a request before: nothing for one that is new, as nearly all are. An error says that this
// must be asked again later.
func (in *Intake) known(ctx context.Context, req *sms.Request, sequence, deliveries uint64) (
	ended bool, past dispatch.Past, err error) {
	sight := fresh
	if req.ID != "" {
		sight = in.seen.note(req.Tenant, req.ID, sequence)
	}
	switch {
	case sight == copied:
		in.copied(req.Tenant)
		return true, past, nil
	case sight == fresh && deliveries == 1 && sequence > in.before:
		return false, past, nil
	}
	if deliveries > 1 && in.cfg.Trace.Again != nil {
		in.cfg.Trace.Again(req.Tenant)
	}
	asking, cancel := context.WithTimeout(ctx, lookupPatience)
	defer cancel()
	known, err := in.cfg.History(asking, req.Tenant, req.ID, req.Key)
	attempts := 0 // none was made, as nobody had it before
	if deliveries > 1 || sequence > in.before {
		attempts = attemptsUnknown(req)
	}
	switch {
	case err != nil:
		past, err = in.unknown(req, attempts, err)
		return false, past, err
	case known.Found && known.Key != req.Key:
		in.copied(req.Tenant)
		return true, past, nil
	}
	known.Past.Attempts = max(known.Past.Attempts, attempts)
	return known.Ended, known.Past, nil
}

// unknown decides on a request of which the books can't tell what became (decision D4). A code is in doubt at once, and
// its policy decides; what can wait is asked for again, and in doubt when its time is over.
func (in *Intake) unknown(req *sms.Request, attempts int, err error) (dispatch.Past, error) {
	if req.Class != sms.OTP && time.Now().Before(req.Deadline) {
		return dispatch.Past{}, fmt.Errorf("what became of it can't be told yet: %w", err)
	}
	in.cfg.Log.Warn("what became of a request can't be told; treated as in doubt", "tenant", req.Tenant, "id", req.ID,
		"error", err)
	return dispatch.Past{Attempts: attempts, Doubt: true}, nil
}

// attemptsUnknown numbers the attempts of a further delivery away from those of the ones before: not all of these need be
// in the books, as a gateway that stood still may be about to append one. It counts by the tenths of a second since the
// request, none of which makes 256. Not by JetStream's count of deliveries, which a server that was killed has forgotten.
func attemptsUnknown(req *sms.Request) int {
	return (int(time.Since(req.Requested)/(100*time.Millisecond)) + 1) << 8
}

// copied notes that a copy of a request was dropped: the original speaks for both.
func (in *Intake) copied(tenant sms.TenantID) {
	if in.cfg.Trace.Copied != nil {
		in.cfg.Trace.Copied(tenant)
	}
}

// giveBack leaves a request to JetStream: at once when the gateway stops, else after a breath.
func (in *Intake) giveBack(ctx context.Context, msg jetstream.Msg, tenant sms.TenantID, err error) {
	if ctx.Err() != nil {
		in.log(msg.Nak())
		return
	}
	in.cfg.Log.Warn("a request goes back to the queue", "tenant", tenant, "error", err)
	in.log(msg.NakWithDelay(time.Second))
}

// letGo leaves a request to whoever has it by now.
func (in *Intake) letGo(tenant sms.TenantID, err error) {
	in.seldom.Do(func() {
		in.cfg.Log.Warn("requests are another gateway's by now, or come again; harkara_requests_let_go_total counts them", "tenant", tenant, "error", err)
	})
	if in.cfg.Trace.LetGo != nil {
		in.cfg.Trace.LetGo(tenant)
	}
}

// log notes a failed acknowledgement; JetStream will bring the request again and the books will say that it is done.
func (in *Intake) log(err error) {
	if err != nil {
		in.cfg.Log.Warn("an acknowledgement could not be sent to JetStream", "error", err)
	}
}

// keyOf makes the key of a request from its place in the stream, so that every delivery of it has the same: a UUID of
// version 7 (RFC 9562 §5.7) with the stream's time in front and its sequence in the random part.
func keyOf(meta *jetstream.MsgMetadata) sms.Key {
	var k uuid.UUID
	ms := uint64(meta.Timestamp.UnixMilli())
	binary.BigEndian.PutUint64(k[:8], ms<<16|0x7000)
	binary.BigEndian.PutUint64(k[8:], meta.Sequence.Stream&(1<<62-1)|1<<63)
	return k
}

// sequenceOf returns the stream sequence that keyOf put into a key.
func sequenceOf(k sms.Key) uint64 { return binary.BigEndian.Uint64(k[8:]) & (1<<62 - 1) }
