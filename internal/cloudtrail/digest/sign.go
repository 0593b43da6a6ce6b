package digest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// SignedText is what CloudTrail signs of a digest: its end as written, its place, the hash of the file and the signature of the
// digest before it. hash is the lower-case hex SHA-256 of the uncompressed file.
func (d *Digest) SignedText(hash string) string {
	previous := "null"
	if d.Previous != nil {
		previous = d.Previous.Signature
	}
	return d.EndText + "\n" + d.Bucket + "/" + d.Object + "\n" + hash + "\n" + previous
}

// checkSignature says whether the owner of key signed d. signature is hex, as in the object's metadata.
func (d *Digest) checkSignature(key *rsa.PublicKey, hash, signature string) error {
	if signature == "" {
		return errors.New("the object has no signature in its metadata")
	}
	raw, err := hex.DecodeString(signature)
	if err != nil {
		return fmt.Errorf("read signature: %w", err)
	}
	sum := sha256.Sum256([]byte(d.SignedText(hash)))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], raw)
}
