package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Headers of a frame; see the package comment.
const (
	headerFrame    = "Harkara-Frame"
	headerEvents   = "Harkara-Events"
	headerNumber   = "Harkara-Number"
	headerPrevious = "Harkara-Previous"
	headerDigest   = "Harkara-Digest"
	frameVersion   = "2"
	firstVersion   = "1"
)

// Digest is the SHA-256 by which a frame is chained.
type Digest [sha256.Size]byte

// String is the digest in hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// parseDigest reads what String writes and nothing else.
func parseDigest(s string) (d Digest, ok bool) {
	if len(s) != 2*len(d) || strings.ToLower(s) != s {
		return d, false
	}
	n, err := hex.Decode(d[:], []byte(s))
	return d, err == nil && n == len(d)
}

// link is where a chain has come to: its last frame.
type link struct {
	position Position // 0: the stream has none of the chain
	id       string   // of its message, where it was read back
	number   uint64
	digest   Digest
}

// chainID names a chain of frames.
type chainID struct {
	partition int
	node      string
}

func (c chainID) subject() string { return "ledger." + strconv.Itoa(c.partition) + "." + c.node }

// parseSubject reads what subject writes; version 1's own names no chain.
func parseSubject(subject string) (id chainID, ok bool) {
	partition, node, ok := strings.Cut(strings.TrimPrefix(subject, "ledger."), ".")
	id.partition, _ = strconv.Atoi(partition)
	id.node = node
	return id, ok && id.subject() == subject
}

// digest is the digest of the frame behind a link.
func (c chainID) digest(number uint64, previous Digest, events int, payload []byte) (d Digest) {
	var head [256]byte
	b := strconv.AppendInt(append(head[:0], frameVersion+"\n"...), int64(c.partition), 10)
	b = append(append(b, '\n'), c.node...)
	b = strconv.AppendUint(append(b, '\n'), number, 10)
	b = hex.AppendEncode(append(b, '\n'), previous[:])
	b = strconv.AppendInt(append(b, '\n'), int64(events), 10)
	h := sha256.New()
	h.Write(append(b, '\n')) // a hash never fails to write
	h.Write(payload)
	h.Sum(d[:0])
	return d
}

// envelope is one frame ready to be published behind a link, and the link that it will be.
type envelope struct {
	message *nats.Msg
	id      string
	after   link
	next    link
}

// seal makes the envelope of a frame behind the chain's end. It gets a message id of its own.
func (l *Ledger) seal(events int, payload []byte) *envelope {
	e := &envelope{after: l.chain, next: link{number: l.chain.number + 1}}
	e.next.digest = l.chainID.digest(e.next.number, e.after.digest, events, payload)
	l.sealed++
	e.id = l.prefix + "-" + strconv.Itoa(l.sealed)
	e.message = &nats.Msg{Subject: l.chainID.subject(), Data: payload, Header: nats.Header{
		headerFrame:                         {frameVersion},
		headerEvents:                        {strconv.Itoa(events)},
		headerNumber:                        {strconv.FormatUint(e.next.number, 10)},
		headerPrevious:                      {e.after.digest.String()},
		headerDigest:                        {e.next.digest.String()},
		jetstream.MsgIDHeader:               {e.id},
		jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(uint64(e.after.position), 10)},
	}}
	return e
}

var nodePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// errMoved says that the chain does not end where it was left.
var errMoved = errors.New("the ledger's chain does not end where it was left")

// takeUp reads where the chain ends in the stream. A frame that does not fit its own digest is alarming, and still the
// one to go on behind: Verify names it for ever.
func (l *Ledger) takeUp(ctx context.Context) (link, error) {
	m, err := l.stream.GetLastMsgForSubject(ctx, l.chainID.subject())
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return link{}, nil
	}
	if err != nil {
		return link{}, fmt.Errorf("read the end of the ledger's chain: %w", err)
	}
	f := frameOf(m.Subject, m.Header, m.Data)
	if f.flaw != "" {
		return link{}, fmt.Errorf("the last frame of %s, at position %d, is none of this program's (%s): find out who publishes to %s, "+
			"and give this gateway another name (node)", l.chainID.node, m.Sequence, f.flaw, m.Subject)
	}
	if f.digest() != f.Digest {
		l.Alarm(fmt.Errorf("the frame at position %d of the ledger was changed: run harkara ledger verify", m.Sequence))
	}
	return link{Position(m.Sequence), m.Header.Get(jetstream.MsgIDHeader), f.Number, f.Digest}, nil
}

// resume goes on behind frames that this ledger did not write, or fills the positions of those that the server lost.
func (l *Ledger) resume(ctx context.Context) error {
	now, err := l.takeUp(ctx)
	if err != nil {
		return err
	}
	info, err := l.stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("find the end of the ledger: %w", err)
	}
	end, was := Position(info.State.LastSeq), l.chain
	switch {
	case now.position == 0 && end >= was.position && l.config.Keep > 0: // all of the chain is older than is kept: it goes on
		now = link{number: was.number, digest: was.digest}
	case now.position > was.position && strings.HasPrefix(now.id, l.prefix+"-"): // a try of ours that was stored unseen
	case now.position > was.position:
		l.Alarm(fmt.Errorf("position %d of the ledger is a frame that another process wrote as node %s: give each gateway a node of its own",
			now.position, l.chainID.node))
	default:
		l.Alarm(fmt.Errorf("NATS has lost frames of the ledger, position %d among them: it does not sync every write, or an older store was put back",
			was.position))
	}
	if l.End() > end+skippable {
		return fmt.Errorf("the ledger ends at position %d, and %d was reached before: restore the stream %s", end, l.End(), Stream)
	}
	l.setChain(now)
	for end < l.End() {
		if end, err = l.fill(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (l *Ledger) setChain(to link) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.chain = to
}
