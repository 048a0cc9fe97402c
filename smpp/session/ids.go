package session

import "strings"

// idsBlock is how many octets of message_ids share one allocation. A string keeps its whole block alive, so it is small.
const idsBlock = 1 << 10

// ids makes strings of message_ids, many from one allocation.
type ids struct{ block strings.Builder }

// keep returns id as a string.
func (i *ids) keep(id []byte) string {
	if len(id) > i.block.Cap()-i.block.Len() {
		i.block.Reset()
		i.block.Grow(max(idsBlock, len(id)))
	}
	from := i.block.Len()
	i.block.Write(id)
	return i.block.String()[from:]
}
