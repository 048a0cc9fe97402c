package smsctest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Fault is one way in which the SMSC misbehaves.
type Fault uint8

// The faults, in the order of AllFaults. HexID is a switch: how ids are written belongs to an account, not to a message,
// so any rate above 0 turns it on for all. A connection that stands still (StopReading) gets no receipts either, as it
// could not read that they are acked; answers to what it read before go out.
const (
	NoAnswer            Fault = iota // accepted, never answered
	LateAnswer                       // accepted, answered after Config.LateBy
	DropBeforeAnswer                 // accepted, the connection is closed before the answer
	ReceiptBeforeAnswer              // the receipt goes out before the answer
	DuplicateReceipt                 // two receipts for one message
	ReceiptSeqClash                  // the receipt's deliver_sm is numbered like a submit_sm in flight on its bind
	HexID                            // above 0: all ids are hexadecimal in answers, decimal in receipts
	Refuse                           // answered with Config.RefuseStatus, not accepted
	StopReading                      // answered, then the connection stands still for Config.StopFor
	QueueFull                        // answered ESME_RMSGQFUL, not accepted
	NoReceipt                        // accepted and answered, no receipt is made
	faultCount
)

// FaultList holds the faults that a gateway gets over as fast as they come. A full queue makes it pause all sending, and
// NoReceipt leaves it with messages whose end it does not know.
var FaultList = [...]Fault{NoAnswer, LateAnswer, DropBeforeAnswer, ReceiptBeforeAnswer, DuplicateReceipt,
	ReceiptSeqClash, HexID, Refuse, StopReading}

// AllFaults holds FaultList, QueueFull and NoReceipt.
var AllFaults = append(FaultList[:len(FaultList):len(FaultList)], QueueFull, NoReceipt)

var faultNames = [faultCount]string{"no_answer", "late_answer", "drop_before_answer", "receipt_before_answer",
	"duplicate_receipt", "receipt_seq_clash", "hex_id", "refuse", "stop_reading", "queue_full", "no_receipt"}

var faultHelp = [faultCount]string{
	"accepts the message, never answers; its receipt comes all the same",
	"accepts the message, answers after --late-by",
	"accepts the message, closes the connection before the answer",
	"sends the receipt before the answer",
	"sends two receipts for one message",
	"numbers the receipt like a submit_sm in flight on the same bind",
	"above 0: every id is hexadecimal in the answer and decimal in the receipt",
	"answers with --refuse-status and does not accept the message",
	"answers, then stops reading that connection for --stop-for",
	"answers ESME_RMSGQFUL and does not accept the message",
	"accepts and answers the message, and sends no receipt; query_sm tells its state",
}

// String gives the fault's name, no_answer.
func (f Fault) String() string {
	if f < faultCount {
		return faultNames[f]
	}
	return fmt.Sprintf("fault(%d)", uint8(f))
}

// Help gives one line for people on what the fault does, in the words of the smscsim program.
func (f Fault) Help() string { return faultHelp[f] }

// ParseFault reads a fault's name; the error lists the names.
func ParseFault(name string) (Fault, error) {
	for _, f := range AllFaults {
		if f.String() == name {
			return f, nil
		}
	}
	return 0, fmt.Errorf("no fault %q: use one of %v", name, AllFaults)
}

// undelivered is drawn like a fault; its number stays what it is when faults are added, and its draws with it.
const undelivered Fault = 200

// digest names the content of a submit_sm.
type digest [16]byte

// digestOf makes the digest of a key. It decides on the faults as well, so it must not change from run to run, and no
// two keys of a run may share it, as duplicates are counted by it.
func digestOf(key []byte) digest {
	sum := sha256.Sum256(key)
	return digest(sum[:16])
}

// dice gives the chances of one arrival of one content.
type dice struct{ state uint64 }

// diceOf seeds the dice for the nth arrival (from 1) of the content.
func diceOf(seed uint64, d digest, arrival uint32) dice {
	return dice{mix(mix(seed^binary.BigEndian.Uint64(d[:])) ^ uint64(arrival))}
}

// hit draws for one fault; a rate of 1 always hits, a rate of 0 never.
func (d dice) hit(f Fault, rate float64) bool {
	return rate > 0 && float64(d.number(f)>>11)/(1<<53) < rate
}

// number draws 64 bits for one fault, independent of the draws for the others.
func (d dice) number(f Fault) uint64 { return mix(d.state + uint64(f+1)*0x9E3779B97F4A7C15) }

// mix is the finaliser of splitmix64: every bit of x decides on every bit of the result.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}
