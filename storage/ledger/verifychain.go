package ledger

import (
	"fmt"
	"time"
)

// chain is what a verification knows of one chain.
type chain struct {
	NodeReport
	digest  Digest
	gaps    []numbers // that are missing so far: they may come later, moved
	denied  int       // checkpoints in a row that the chain denies
	denial  int       // index of the fault that names the first of them; -1: it was not named
	settled Position  // the newest frame that agreed with a checkpoint
	open    Position  // the first behind that; 0: there is none
	since   time.Time // when that was appended
}

// numbers are frames of a chain that were missing when the frame at a position came.
type numbers struct {
	from, to uint64
	behind   Position
}

// maxGaps bounds the gaps that a chain remembers.
const maxGaps = 1000

func (v *verification) chainOf(id chainID) *chain {
	c := v.chains[id]
	if c == nil {
		c = &chain{NodeReport: NodeReport{Node: id.node, Partition: id.partition}}
		v.chains[id] = c
	}
	return c
}

// chained judges a frame by itself and by its chain.
func (v *verification) chained(f *Frame) {
	if v.report.ProvenFrom == 0 {
		v.report.ProvenFrom = f.Position
	}
	c := v.chainOf(chainID{f.Partition, f.Node})
	c.Frames++
	if c.open == 0 {
		c.open, c.since = f.Position, f.At
	}
	if f.digest() != f.Digest {
		v.fault(Fault{Changed, f.Position, f.Node, f.Number, "it was changed: it does not fit its own digest"})
	}
	switch {
	case c.First == 0:
		v.start(c, f)
	case f.Number == c.Number+1 && f.Previous != c.digest:
		v.fault(Fault{Changed, c.Last, c.Node, c.Number, fmt.Sprintf("it was changed or put in: the frame behind it, at position %d, names another digest", f.Position)})
	case f.Number > c.Number+1:
		v.missing(c, numbers{c.Number + 1, f.Number - 1, f.Position})
	case f.Number <= c.Number && c.found(f.Number):
		v.fault(Fault{Reordered, f.Position, f.Node, f.Number, fmt.Sprintf("it was moved: it comes behind number %d, which is at position %d", c.Number, c.Last)})
		return
	case f.Number <= c.Number:
		v.fault(Fault{Forged, f.Position, f.Node, f.Number, fmt.Sprintf("a second frame of this number, put in or repeated: number %d is at position %d", c.Number, c.Last)})
		return
	}
	c.Number, c.Last, c.digest = f.Number, f.Position, f.Digest
}

// start judges the first frame of a chain that the stream holds.
func (v *verification) start(c *chain, f *Frame) {
	c.First = f.Position
	switch {
	case f.Number == 1 && f.Previous != (Digest{}):
		v.fault(Fault{Changed, f.Position, f.Node, f.Number, "the first frame of its node names one before it"})
	case f.Number > 1 && !v.report.Cut:
		v.missing(c, numbers{1, f.Number - 1, f.Position})
	}
}

// missing remembers a gap, and names the oldest where there are too many.
func (v *verification) missing(c *chain, n numbers) {
	c.gaps = append(c.gaps, n)
	if len(c.gaps) > maxGaps {
		v.nameMissing(c, c.gaps[0])
		c.gaps = c.gaps[1:]
	}
}

func (v *verification) nameMissing(c *chain, n numbers) {
	what := fmt.Sprintf("numbers %d to %d of the node are missing before this one", n.from, n.to)
	if n.from == n.to {
		what = fmt.Sprintf("number %d of the node is missing before this one", n.from)
	}
	v.fault(Fault{Missing, n.behind, c.Node, n.from, what})
}

// found takes a number out of the gaps and says whether it was in one.
func (c *chain) found(number uint64) bool {
	for i, g := range c.gaps {
		if number < g.from || number > g.to {
			continue
		}
		rest := c.gaps[i+1:]
		c.gaps = c.gaps[:i:i]
		if g.from < number {
			c.gaps = append(c.gaps, numbers{g.from, number - 1, g.behind})
		}
		if number < g.to {
			c.gaps = append(c.gaps, numbers{number + 1, g.to, g.behind})
		}
		c.gaps = append(c.gaps, rest...)
		return true
	}
	return false
}

// signTime is how long a node may take to sign for a frame. It does so every minute, and at once when it starts.
const signTime = 5 * time.Minute

// unattested judges that nobody signed for a chain, or for its end. Behind a checkpoint the ledger's newest frame is the
// clock: a gateway that was stopped signs no more. So one that was killed is a fault only while others go on without it,
// until it starts again.
func (v *verification) unattested(c *chain) {
	switch {
	case c.open == 0 || c.denied > 0: // what is denied is a fault already
	case c.settled == 0 && v.strange[SignerName(c.Node)]:
		v.remark("node %s is not verified: its checkpoints are signed with a key that is not known here", c.Node)
	case c.settled == 0 && v.now.Sub(c.since) > signTime:
		v.fault(Fault{Unattested, c.open, c.Node, 0, fmt.Sprintf("no checkpoint attests any frame of this node, and the first was appended at %s: "+
			"a gateway would have signed for it; where it was killed before it could, start it again", c.since.UTC().Format(time.RFC3339))})
	case c.settled > 0 && v.newest.Sub(c.since) > signTime:
		v.fault(Fault{Unattested, c.open, c.Node, 0, fmt.Sprintf("no checkpoint attests the frames of this node from here to position %d, the first of %s: "+
			"a gateway would have signed for them; where it was killed before it could, start it again", c.Last, c.since.UTC().Format(time.RFC3339))})
	case c.settled == 0:
		v.remark("node %s is not attested yet: its frames are chained, and no checkpoint says that they are its own", c.Node)
	default:
		v.remark("the frames of node %s from position %d on are not attested yet: they are chained, and no more", c.Node, c.open)
	}
}
