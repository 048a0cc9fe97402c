package storage

import "harkara/storage/ledger"

// fact numbers the events of the ledger: the position of the frame times 65536 plus the index in it.
type fact int64

const indexBits = 16

// maxIndex is the highest index of an event in a frame. A frame of the ledger holds far fewer.
const maxIndex = 1<<indexBits - 1

func factOf(p ledger.Position, index int) fact { return fact(p)<<indexBits | fact(index) }

func (f fact) position() ledger.Position { return ledger.Position(f >> indexBits) }
func (f fact) index() int                { return int(f & maxIndex) }
