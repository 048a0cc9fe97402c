package storage

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"harkara/storage/ledger"
)

// ed25519Note is the algorithm's number in a note's key (golang.org/x/mod/sumdb/note).
const ed25519Note = 1

// Signer signs the checkpoints of a node's ledger, as harkara/<node>.
func (v *Vault) Signer(node string) (note.Signer, error) {
	seed := v.state.Load().signing.Seed()
	text := fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", ledger.SignerName(node), v.noteHash(node),
		base64.StdEncoding.EncodeToString(append([]byte{ed25519Note}, seed...)))
	signer, err := note.NewSigner(text)
	if err != nil {
		// The cause may quote the key.
		return nil, fmt.Errorf("the node's name %q cannot sign: take one without spaces and plus signs", node)
	}
	return signer, nil
}

// Verifier returns the public key of the node's Signer, as note.NewVerifier reads it: who has it can check checkpoints.
func (v *Vault) Verifier(node string) string {
	return fmt.Sprintf("%s+%08x+%s", ledger.SignerName(node), v.noteHash(node), base64.StdEncoding.EncodeToString(v.notePublic()))
}

func (v *Vault) notePublic() []byte {
	return append([]byte{ed25519Note}, v.state.Load().signing.Public().(ed25519.PublicKey)...)
}

// noteHash is the key's id: the first 32 bits of the SHA-256 of its name, a line break and the public key.
func (v *Vault) noteHash(node string) uint32 {
	sum := sha256.Sum256(append([]byte(ledger.SignerName(node)+"\n"), v.notePublic()...))
	return binary.BigEndian.Uint32(sum[:])
}
