package dlt

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// ChainMode is the form in which an SMSC wants the PE-TM chain. Operators differ, so it is a setting of each SMSC.
type ChainMode string

// The modes.
const (
	ChainNone ChainMode = "none"  // nothing is sent
	ChainTMID ChainMode = "tm_id" // the id of the telemarketer that submits: the last of the chain
	ChainList ChainMode = "list"  // the ids joined by commas
	ChainHash ChainMode = "hash"  // SHA-256 of the list, in lower-case hexadecimal
)

// ParseChainMode reads none, tm_id, list or hash.
func ParseChainMode(s string) (ChainMode, error) {
	switch m := ChainMode(s); m {
	case ChainNone, ChainTMID, ChainList, ChainHash:
		return m, nil
	}
	return "", fmt.Errorf("chain %q is not one of none, tm_id, list, hash", s)
}

// ChainValue returns what goes into the chain's TLV: the ids, the entity first and the telemarketer that submits last,
// in the SMSC's form. It is empty for none, for no ids, and for tm_id of a chain that has no telemarketer.
//
// The hash is that of the manual "PE TM Chain Hash Generation" (BSNL): the ids joined by commas without spaces. What a
// chain of an entity alone should be is not published; it is treated like any other.
func ChainValue(mode ChainMode, ids []string) string {
	switch {
	case len(ids) == 0:
		return ""
	case mode == ChainTMID && len(ids) > 1:
		return ids[len(ids)-1]
	case mode == ChainList:
		return strings.Join(ids, ",")
	case mode == ChainHash:
		sum := sha256.Sum256([]byte(strings.Join(ids, ",")))
		return hex.EncodeToString(sum[:])
	}
	return ""
}

// CheckChain lists what is wrong with the ids of a PE-TM chain, in words that name the id; nothing where it is right.
// The first id is the entity's, each other a telemarketer's, the one that submits last. Vi takes two telemarketers at
// most, one that aggregates and one that delivers (MSG91's notice on its limits); of other operators no limit is
// published.
func CheckChain(op Operator, ids []string) []string {
	if len(ids) < 2 {
		return []string{"a chain has at least two ids: the entity's and a telemarketer's"}
	}
	var faults []string
	for i, id := range ids {
		var err error
		if i == 0 {
			_, err = ParseEntityID(id)
		} else {
			_, err = ParseTelemarketerID(id)
		}
		switch {
		case err != nil:
			faults = append(faults, fmt.Sprintf("id %d of the chain: %v", i+1, err))
		case slices.Contains(ids[:i], id):
			faults = append(faults, fmt.Sprintf("id %d of the chain: %s stands in it twice", i+1, id))
		}
	}
	if n := len(ids) - 1; op == Vi && n > 2 {
		faults = append(faults, fmt.Sprintf("the chain has %d telemarketers; Vi takes 2 at most", n))
	}
	return faults
}
