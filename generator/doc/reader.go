package doc

import "encoding/binary"

// A Reader reads what was written as [encoding/binary]'s varints, and as
// texts behind their lengths: trees, facts, whatever a cache holds. What does
// not fit makes it bad, and everything after that empty. Its strings are
// parts of S.
type Reader struct {
	S   string
	Bad bool
}

// Fail makes the reader bad.
func (r *Reader) Fail() { r.S, r.Bad = "", true }

// Uint reads an unsigned number.
func (r *Reader) Uint() uint64 {
	if s := r.S; len(s) > 0 && s[0] < 0x80 { // most
		r.S = s[1:]
		return uint64(s[0])
	}
	return r.long()
}

func (r *Reader) long() uint64 {
	var v uint64
	for i := 0; i < len(r.S) && i < binary.MaxVarintLen64; i++ {
		v |= uint64(r.S[i]&0x7f) << (7 * i)
		if r.S[i] < 0x80 {
			r.S = r.S[i+1:]
			return v
		}
	}
	r.Fail()
	return 0
}

// Int reads a signed number.
func (r *Reader) Int() int64 {
	v := r.Uint()
	return int64(v>>1) ^ -int64(v&1)
}

// Count reads a number of things, or any other number up to 2^31.
func (r *Reader) Count() int {
	v := r.Uint()
	if v > 1<<31 {
		r.Fail()
		return 0
	}
	return int(v)
}

// Length reads a number of things that follow and take a byte or more each.
func (r *Reader) Length() int {
	v := r.Uint()
	if v > uint64(len(r.S)) {
		r.Fail()
		return 0
	}
	return int(v)
}

// String reads a text.
func (r *Reader) String() string { return r.Bytes(r.Length()) }

// Bytes reads n bytes.
func (r *Reader) Bytes(n int) string {
	if n > len(r.S) {
		r.Fail()
		return ""
	}
	s := r.S[:n]
	r.S = r.S[n:]
	return s
}

// Strings reads texts behind their number.
func (r *Reader) Strings() []string {
	n := r.Length()
	if n == 0 {
		return nil
	}
	out := make([]string, n)
	for i := range out {
		out[i] = r.String()
	}
	return out
}

// Bool reads a truth.
func (r *Reader) Bool() bool { return r.Uint() == 1 }
