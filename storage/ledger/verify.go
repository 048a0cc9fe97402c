package ledger

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/mod/sumdb/note"
)

// Findings are what Verify found.
type Findings struct {
	Lineage     string        `json:"lineage"`
	First       Position      `json:"first"` // of the frames that are there; 0 where none is
	Last        Position      `json:"last"`
	Frames      int           `json:"frames"`
	Events      int           `json:"events"`
	Unchained   int           `json:"unchained"`   // frames of version 1, which nothing proves
	ProvenFrom  Position      `json:"proven_from"` // the first chained frame; 0: none
	Cut         bool          `json:"cut"`         // older frames have left the ledger, as its settings have it
	Checkpoints int           `json:"checkpoints"` // that are signed as they must be
	Nodes       []NodeReport  `json:"nodes"`
	Faults      []Fault       `json:"faults"`
	More        int           `json:"more"`    // faults beyond those
	Remarks     []string      `json:"remarks"` // what could not be proven, and is no fault by itself
	Took        time.Duration `json:"took_ns"`
}

// NodeReport is one chain.
type NodeReport struct {
	Node       string     `json:"node"`
	Partition  int        `json:"partition"`
	Frames     int        `json:"frames"`
	First      Position   `json:"first"`
	Last       Position   `json:"last"`
	Number     uint64     `json:"number"`   // of its last frame
	Attested   Position   `json:"attested"` // the newest frame that a checkpoint proves; 0: none does
	AttestedAt *time.Time `json:"attested_at,omitempty"`
}

// Fault is one thing that is wrong with the ledger: where, and what.
type Fault struct {
	Kind     FaultKind `json:"kind"`
	Position Position  `json:"position"` // 0: the ledger as a whole
	Node     string    `json:"node,omitempty"`
	Number   uint64    `json:"number,omitempty"`
	What     string    `json:"what"`
}

// FaultKind says what was done to a ledger.
type FaultKind string

// The kinds of fault.
const (
	Changed        FaultKind = "changed"    // a frame does not fit its digest, or the frame behind it, or a checkpoint
	Missing        FaultKind = "missing"    // a frame is not there
	Reordered      FaultKind = "reordered"  // a frame is not where it was
	Forged         FaultKind = "forged"     // a frame that no gateway wrote
	Truncated      FaultKind = "truncated"  // the tail, or the beginning before its time, is gone
	WeakSettings   FaultKind = "settings"   // the stream lets frames vanish
	Unattested     FaultKind = "unattested" // frames that nobody has signed for, though their node should have by now
	BadCheckpoints FaultKind = "checkpoint" // a checkpoint cannot be believed, or is of another ledger
)

// maxFaults is how many faults a report names; more are counted.
const maxFaults = 10_000

// Verify reads the whole ledger as it stands now and names all that is wrong with it. Checkpoints are signed notes from
// wherever they are kept, in any order, also twice; verifiers know the nodes' keys. Its memory does not grow with the
// frames; each checkpoint costs some 80 bytes. The error says that it could not be read to its end.
func Verify(ctx context.Context, js jetstream.JetStream, checkpoints iter.Seq2[string, error], verifiers note.Verifiers) (Findings, error) {
	began := time.Now()
	v := &verification{chains: map[chainID]*chain{}, strange: map[string]bool{}, now: began}
	stream, err := js.Stream(ctx, Stream)
	if err != nil {
		return v.report, fmt.Errorf("find the ledger: %w", err)
	}
	v.report.Lineage = lineageOf(stream.CachedInfo())
	if err := v.claim(checkpoints, verifiers); err != nil { // before the end is looked up: it is behind all of them
		return v.report, err
	}
	info, err := stream.Info(ctx)
	if err != nil {
		return v.report, fmt.Errorf("find the end of the ledger: %w", err)
	}
	for _, what := range weaknesses(info.Config) {
		v.fault(Fault{Kind: WeakSettings, What: fmt.Sprintf("the stream %s: that should not be so", what)})
	}
	v.report.Last = Position(info.State.LastSeq)
	keep, _ := shortestKeep(info.Config)
	v.beginning(Position(info.State.FirstSeq), keep)
	if info.State.Msgs > 0 {
		v.report.First = Position(info.State.FirstSeq)
		if err := v.read(ctx, js); err != nil {
			return v.report, err
		}
	}
	v.ending()
	slices.SortStableFunc(v.report.Faults, func(a, b Fault) int { return int(a.Position) - int(b.Position) })
	v.report.Took = time.Since(began)
	return v.report, nil
}

// verification is one run of Verify.
type verification struct {
	report  Findings
	claims  []claim // sorted by position; those before the frame at hand are done with
	chains  map[chainID]*chain
	order   []chainID // of their first frames
	at      Position
	strange map[string]bool // signers whose keys are not known
	now     time.Time
	newest  time.Time // when the newest frame was appended
}

func (v *verification) remark(format string, args ...any) {
	v.report.Remarks = append(v.report.Remarks, fmt.Sprintf(format, args...))
}

func (v *verification) fault(f Fault) {
	if len(v.report.Faults) >= maxFaults {
		v.report.More++
		return
	}
	v.report.Faults = append(v.report.Faults, f)
}

// read goes through all frames up to the ledger's end.
func (v *verification) read(ctx context.Context, js jetstream.JetStream) error {
	r, err := read(ctx, js, v.at, 0)
	if err != nil {
		return err
	}
	defer r.Stop()
	for v.at < v.report.Last {
		f, err := r.Next(ctx)
		if err != nil {
			return err
		}
		if f.Position > v.report.Last { // appended since
			break
		}
		v.frame(&f)
		if f.last {
			break
		}
	}
	return nil
}

// frame takes the next frame.
func (v *verification) frame(f *Frame) {
	v.gap(f.Position)
	v.at = f.Position
	v.report.Frames++
	v.report.Events += f.Events
	v.newest = f.At
	switch {
	case f.flaw != "":
		v.fault(Fault{Kind: Forged, Position: f.Position, What: "is no frame of a gateway: " + f.flaw})
	case f.Version == firstVersion && v.report.ProvenFrom > 0:
		v.fault(Fault{Kind: Forged, Position: f.Position, What: "a frame of version 1, which nothing proves, behind chained ones"})
	case f.Version == firstVersion:
		v.report.Unchained++
	default:
		v.chained(f)
	}
	v.settle(f)
}

// gap names the positions that are missing before one.
func (v *verification) gap(before Position) {
	if n := before - v.at - 1; n == 1 {
		v.fault(Fault{Kind: Missing, Position: v.at + 1, What: "the stream has nothing here"})
	} else if n > 1 {
		v.fault(Fault{Kind: Missing, Position: v.at + 1, What: fmt.Sprintf("the stream has nothing from here to position %d", before-1)})
	}
}

// beginning judges that the stream begins behind its first position, where keep is the shortest time for which its
// settings ever kept frames.
func (v *verification) beginning(first Position, keep time.Duration) {
	if first <= 1 {
		return
	}
	v.at = first - 1
	if keep == 0 {
		v.fault(Fault{Kind: Truncated, Position: 1, What: fmt.Sprintf("the beginning is cut: nothing up to position %d, and the stream has kept frames for ever", first-1)})
		return
	}
	v.report.Cut = true
	v.remark("frames up to position %d have left the ledger: it keeps them, or kept them once, for no longer than %s", first-1, keep)
	young, n := claim{}, 0
	for _, c := range v.claims {
		if c.position < first && time.Since(c.at()) < keep-clockSlack {
			young = c
			n++
		}
	}
	if n > 0 {
		v.fault(Fault{Kind: Truncated, Position: young.position, Node: v.order[young.chain].node, Number: young.number, What: fmt.Sprintf(
			"the beginning is cut up to position %d: this frame was appended at %s, and frames are kept for %s (%d checkpoints attest such ones)",
			first-1, young.at().Format(time.RFC3339), keep, n)})
	}
}

// clockSlack is how far the clocks of NATS and of who verifies may be apart.
const clockSlack = time.Minute
