package ledger

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/mod/sumdb/note"
)

// Checkpoint says that a node's chain had a frame at a position: so much of the ledger was there. Its note is that as
// text, signed with Ed25519 in the form of golang.org/x/mod/sumdb/note:
//
//	harkara ledger <lineage>/<node>/<partition>
//	<position> <number>
//	<digest in base64>
//	<when the frame was appended, RFC 3339>
//
//	— harkara/<node> <signature>
//
// Two checkpoints of one frame have the same text.
type Checkpoint struct {
	Lineage   string
	Node      string
	Partition int
	Position  Position
	Number    uint64
	Digest    Digest
	At        time.Time // when the server took the frame, to the second
	Note      string
}

// ErrNoFrame says that there is nothing to sign: this node has appended no frame that is still kept.
var ErrNoFrame = errors.New("this node has no frame in the ledger")

// ErrTorn says that a file of checkpoints ends in the middle of one: what a power cut leaves.
var ErrTorn = errors.New("the newest checkpoint is half-written")

// SignerName is the name by which a node's checkpoints are signed.
func SignerName(node string) string { return "harkara/" + node }

// Checkpoint signs the newest frame of this ledger's chain. It reads the frame back, so that what is signed is what the
// stream holds.
func (l *Ledger) Checkpoint(ctx context.Context, signer note.Signer) (Checkpoint, error) {
	l.mu.Lock()
	last := l.chain
	l.mu.Unlock()
	if last.position == 0 {
		return Checkpoint{}, ErrNoFrame
	}
	m, err := l.stream.GetMsg(ctx, uint64(last.position))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Checkpoint{}, fmt.Errorf("%w at position %d, where it was appended: run harkara ledger verify", ErrNoFrame, last.position)
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read the frame at position %d of the ledger back: %w", last.position, err)
	}
	if f := frameOf(m.Subject, m.Header, m.Data); f.flaw != "" || f.digest() != last.digest {
		return Checkpoint{}, fmt.Errorf("the frame at position %d of the ledger is not the one that was appended: run harkara ledger verify", last.position)
	}
	c := Checkpoint{Lineage: l.lineage, Node: l.chainID.node, Partition: l.chainID.partition, Position: last.position, Number: last.number,
		Digest: last.digest, At: m.Time.UTC().Truncate(time.Second)}
	signed, err := note.Sign(&note.Note{Text: c.text()}, signer)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("sign a checkpoint of the ledger: %w", err)
	}
	c.Note = string(signed)
	return c, nil
}

// checkpointTitle begins every checkpoint.
const checkpointTitle = "harkara ledger "

func (c *Checkpoint) text() string {
	return fmt.Sprintf("%s%s/%s/%d\n%d %d\n%s\n%s\n", checkpointTitle, c.Lineage, c.Node, c.Partition, c.Position, c.Number,
		base64.StdEncoding.EncodeToString(c.Digest[:]), c.At.Format(time.RFC3339))
}

// ParseCheckpoint reads a checkpoint that its node has signed. A key that is not known gives a
// *note.UnverifiedNoteError.
func ParseCheckpoint(signed string, verifiers note.Verifiers) (Checkpoint, error) {
	n, err := note.Open([]byte(signed), verifiers)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read a checkpoint of the ledger: %w", err)
	}
	c, err := parseText(n.Text)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read a checkpoint of the ledger: %w", err)
	}
	for _, s := range n.Sigs {
		if s.Name == SignerName(c.Node) {
			c.Note = signed
			return c, nil
		}
	}
	return Checkpoint{}, fmt.Errorf("read a checkpoint of the ledger: it is of node %s and signed by %s", c.Node, n.Sigs[0].Name)
}

// parseText reads what text writes and nothing else.
func parseText(text string) (c Checkpoint, err error) {
	var origin, digest, at string
	if _, err := fmt.Sscanf(text, checkpointTitle+"%s\n%d %d\n%s\n%s\n", &origin, &c.Position, &c.Number, &digest, &at); err != nil {
		return c, fmt.Errorf("not a checkpoint: %w", err)
	}
	parts := strings.Split(origin, "/")
	if len(parts) != 3 {
		return c, fmt.Errorf("not a checkpoint: %q is no lineage/node/partition", origin)
	}
	c.Lineage, c.Node = parts[0], parts[1]
	fmt.Sscan(parts[2], &c.Partition) // what is wrong shows below
	raw, _ := base64.StdEncoding.DecodeString(digest)
	copy(c.Digest[:], raw)
	if c.At, err = time.Parse(time.RFC3339, at); err != nil {
		return c, fmt.Errorf("not a checkpoint: %w", err)
	}
	if c.text() != text {
		return c, errors.New("not a checkpoint: it is written otherwise than checkpoints are")
	}
	return c, nil
}
