package search

import (
	"unicode/utf8"
)

// The files hold numbers and bytes as printable characters, so that they are
// text in any encoding and stand in a string of a script as they are. There
// are 91 of them: all but space, quotation mark, backslash and less-than.

const digits = "!#$%&'()*+,-./0123456789:;=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~"

const base = uint32(len(digits))

// Numbers below ones take one character, the next twos numbers two, the next
// threes three, all others six.
const (
	ones   = 64
	twos   = (86 - ones) * base
	threes = (base - 1 - 86) * base * base
)

func appendNumber(b []byte, v uint32) []byte {
	switch {
	case v < ones:
		return append(b, digits[v])
	case v < ones+twos:
		v -= ones
		return append(b, digits[ones+v/base], digits[v%base])
	case v < ones+twos+threes:
		v -= ones + twos
		return append(b, digits[86+v/(base*base)], digits[v/base%base], digits[v%base])
	}
	b = append(b, digits[base-1])
	n := len(b)
	b = append(b, 0, 0, 0, 0, 0)
	for i := n + 4; i >= n; i-- {
		b[i] = digits[v%base]
		v /= base
	}
	return b
}

var pairs = func() (t [1 << 13][2]byte) {
	for i := range t {
		t[i] = [2]byte{digits[i/len(digits)], digits[i%len(digits)]}
	}
	return t
}()

// appendBytes writes 13 bits as two characters each.
func appendBytes(b, data []byte) []byte {
	var acc uint32
	bits := 0
	for _, c := range data {
		acc |= uint32(c) << bits
		if bits += 8; bits >= 13 {
			p := pairs[acc&(1<<13-1)]
			b = append(b, p[0], p[1])
			acc >>= 13
			bits -= 13
		}
	}
	if bits > 0 {
		p := pairs[acc]
		b = append(b, p[0], p[1])
	}
	return b
}

// units counts a text as scripts do: a character beyond the first plane is
// two.
func units(s string) (n int) {
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			n++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

// common gives how many bytes two texts have in common at their beginnings,
// in whole characters.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(b) && !utf8.RuneStart(b[n]) {
		n--
	}
	return n
}

// An unpacker reads what the functions above wrote. What does not fit makes
// it bad, and empty.
type unpacker struct {
	s   string
	bad bool
}

var values = func() (t [256]uint8) {
	for i := range t {
		t[i] = 255
	}
	for i := range digits {
		t[digits[i]] = uint8(i)
	}
	return t
}()

func (r *unpacker) digit() uint32 {
	if r.s == "" || values[r.s[0]] == 255 {
		r.s, r.bad = "", true
		return 0
	}
	v := values[r.s[0]]
	r.s = r.s[1:]
	return uint32(v)
}

func (r *unpacker) number() uint32 {
	switch v := r.digit(); {
	case v < ones:
		return v
	case v < 86:
		return ones + (v-ones)*base + r.digit()
	case v < base-1:
		v = ones + twos + (v-86)*base*base + r.digit()*base
		return v + r.digit()
	}
	v := uint32(0)
	for range 5 {
		v = v*base + r.digit()
	}
	return v
}

// text reads so many units (see units).
func (r *unpacker) text(n uint32) string {
	at := 0
	for n > 0 && at < len(r.s) {
		c, size := utf8.DecodeRuneInString(r.s[at:])
		at += size
		if c > 0xffff && n > 1 {
			n--
		}
		n--
	}
	s := r.s[:at]
	r.s = r.s[at:]
	r.bad = r.bad || n > 0
	return s
}

func (r *unpacker) bytes() []byte {
	n := int(r.number())
	if n > len(r.s) {
		r.s, r.bad = "", true
		return nil
	}
	b := make([]byte, 0, n)
	acc, bits := uint32(0), 0
	for len(b) < n {
		if bits < 8 {
			v := r.digit() * base
			acc |= (v + r.digit()) << bits
			bits += 13
		}
		b = append(b, byte(acc))
		acc >>= 8
		bits -= 8
	}
	return b
}
