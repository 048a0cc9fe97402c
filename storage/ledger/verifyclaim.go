package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// claim is what one checkpoint says, in as little memory as it takes.
type claim struct {
	position Position
	number   uint64
	second   int64 // since 1970, when the frame was appended
	chain    int   // index in verification.order
	digest   Digest
}

func (c claim) at() time.Time { return time.Unix(c.second, 0).UTC() }

// claim reads the checkpoints. Those that cannot be believed, and those of other ledgers, are faults, one of a kind; those
// of unknown keys, and one that is half-written (ErrTorn), are remarks.
func (v *verification) claim(checkpoints iter.Seq2[string, error], verifiers note.Verifiers) error {
	bad, unknown := map[string]int{}, map[string]int{}
	for signed, readErr := range checkpoints {
		if readErr != nil && !errors.Is(readErr, ErrTorn) {
			return readErr
		}
		c, err := ParseCheckpoint(signed, verifiers)
		if err != nil && readErr != nil {
			v.remark("%v", readErr)
			continue
		}
		if by := (*note.UnverifiedNoteError)(nil); errors.As(err, &by) {
			for _, s := range by.Note.UnverifiedSigs {
				v.strange[s.Name] = true
				unknown[fmt.Sprintf("%s+%08x", s.Name, s.Hash)]++
			}
			continue
		}
		if err == nil && c.Lineage != v.report.Lineage {
			err = fmt.Errorf("checkpoints of node %s are of another ledger, %s: the stream was replaced, or they belong elsewhere", c.Node, c.Lineage)
		}
		if err != nil {
			bad[complaint(err)]++
			continue
		}
		id := chainID{c.Partition, c.Node}
		chain := slices.Index(v.order, id)
		if chain < 0 {
			chain = len(v.order)
			v.order = append(v.order, id)
		}
		v.claims = append(v.claims, claim{c.Position, c.Number, c.At.Unix(), chain, c.Digest})
	}
	for kind, n := range bad {
		v.fault(Fault{Kind: BadCheckpoints, What: fmt.Sprintf("%s (%d such checkpoints)", kind, n)})
	}
	for _, signer := range slices.Sorted(maps.Keys(unknown)) {
		v.remark("not verified: unknown key %s (%d checkpoints); where it is another gateway's, give that with --key", signer, unknown[signer])
	}
	slices.SortFunc(v.claims, func(a, b claim) int {
		return cmp.Or(cmp.Compare(a.position, b.position), cmp.Compare(a.chain, b.chain), cmp.Compare(a.number, b.number),
			slices.Compare(a.digest[:], b.digest[:]), cmp.Compare(a.second, b.second))
	})
	v.claims = slices.Compact(v.claims)
	v.report.Checkpoints = len(v.claims)
	return nil
}

// complaint says why a checkpoint is no good, alike for all that are so.
func complaint(err error) string {
	if forged := (*note.InvalidSignatureError)(nil); errors.As(err, &forged) {
		return "the signature of " + forged.Name + " does not fit: a checkpoint was changed"
	}
	return err.Error()
}

// settle compares the checkpoints up to a frame with it.
func (v *verification) settle(f *Frame) {
	for len(v.claims) > 0 && v.claims[0].position <= f.Position {
		said := v.claims[0]
		v.claims = v.claims[1:]
		if said.position < f.Position { // in a gap that is named, or before the beginning
			continue
		}
		id := v.order[said.chain]
		c := v.chainOf(id)
		at := said.at()
		if f.Version == frameVersion && f.flaw == "" && id == (chainID{f.Partition, f.Node}) && said.number == f.Number && said.digest == f.digest() {
			c.denied, c.settled, c.open, c.Attested, c.AttestedAt = 0, f.Position, 0, f.Position, &at
			continue
		}
		c.denied++
		if c.denied == 1 {
			c.denial = len(v.report.Faults)
			v.fault(Fault{Changed, f.Position, id.node, said.number, fmt.Sprintf(
				"a checkpoint attests another frame here, appended at %s: frames behind position %d were changed, lost or moved", at.Format(time.RFC3339), c.settled)})
		}
	}
}

// ending judges what is left when all frames were read.
func (v *verification) ending() {
	v.gap(v.report.Last + 1)
	beyond := map[int]claim{}
	count := map[int]int{}
	for _, said := range v.claims {
		if said.position > v.report.Last {
			beyond[said.chain] = said // the newest
			count[said.chain]++
		}
	}
	for chain, said := range beyond {
		v.fault(Fault{Truncated, v.report.Last + 1, v.order[chain].node, said.number, fmt.Sprintf(
			"the tail is gone: the ledger ends at position %d, and a checkpoint attests position %d, appended at %s (%d checkpoints say so)",
			v.report.Last, said.position, said.at().Format(time.RFC3339), count[chain])})
	}
	ids := make([]chainID, 0, len(v.chains))
	for id := range v.chains {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b chainID) int {
		return cmp.Or(cmp.Compare(a.partition, b.partition), cmp.Compare(a.node, b.node))
	})
	for _, id := range ids {
		c := v.chains[id]
		for _, n := range c.gaps {
			v.nameMissing(c, n)
		}
		if c.denied > 1 && c.denial < len(v.report.Faults) {
			v.report.Faults[c.denial].What += fmt.Sprintf("; %d later ones disagree as well", c.denied-1)
		}
		v.unattested(c)
		v.report.Nodes = append(v.report.Nodes, c.NodeReport)
	}
}
