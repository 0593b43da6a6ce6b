package digest

import "time"

// Between returns the keys of the ring that were valid at some time from from to to, in no order. It does not ask
// CloudTrail.
func (r *KeyRing) Between(from, to time.Time) []PublicKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []PublicKey
	for _, k := range r.keys {
		if !k.ValidityStartTime.After(to) && !k.ValidityEndTime.Before(from) {
			out = append(out, k)
		}
	}
	return out
}
