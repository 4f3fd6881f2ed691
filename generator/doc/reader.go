package doc

import "encoding/binary"

// A Reader reads what was written as [encoding/binary]'s varints, and as
// texts behind their lengths: trees, facts, whatever a cache holds. What does
// not fit makes it bad, and everything after that empty. Its strings are
// parts of what it reads.
type Reader struct {
	s   string
	at  int // a place, not a shorter text: a pointer costs more to store
	Bad bool
}

// Read makes a reader of a text.
func Read(s string) Reader { return Reader{s: s} }

// Rest is what was not read yet.
func (r *Reader) Rest() string { return r.s[r.at:] }

// More reports whether there is more to read.
func (r *Reader) More() bool { return r.at < len(r.s) }

// Fail makes the reader bad.
func (r *Reader) Fail() { r.at, r.Bad = len(r.s), true }

// Uint reads an unsigned number.
func (r *Reader) Uint() uint64 {
	if r.at < len(r.s) && r.s[r.at] < 0x80 { // most
		r.at++
		return uint64(r.s[r.at-1])
	}
	return r.long()
}

func (r *Reader) long() uint64 {
	var v uint64
	for i, c := range []byte(r.Rest()) {
		if i == binary.MaxVarintLen64 {
			break
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.at += i + 1
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
	if v > uint64(len(r.s)-r.at) {
		r.Fail()
		return 0
	}
	return int(v)
}

// String reads a text.
func (r *Reader) String() string { return r.Bytes(r.Length()) }

// Bytes reads n bytes.
func (r *Reader) Bytes(n int) string {
	if n > len(r.s)-r.at {
		r.Fail()
		return ""
	}
	r.at += n
	return r.s[r.at-n : r.at]
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
