package build

import (
	"slices"
	"strings"
	"sync/atomic"
)

// Names is a sorted list of names, each known by its number in it. Names are
// mostly asked for in the order in which they stand, so a search begins where
// the last one ended: that takes a few comparisons, and no table has to be made
// of a list that was just read. [Names.Find] is safe for use by several
// goroutines. The zero value is an empty list.
type Names struct {
	list []string
	last atomic.Int32
}

// Grow makes room for so many names.
func (n *Names) Grow(by int) { n.list = slices.Grow(n.list, by) }

// Add puts a name at the end of the list. It reports false if its place is
// not there.
func (n *Names) Add(name string) bool {
	if len(n.list) > 0 && name <= n.list[len(n.list)-1] {
		return false
	}
	n.list = append(n.list, name)
	return true
}

// All are the names, in order.
func (n *Names) All() []string { return n.list }

// Find gives the number of a name. ok is false if it is not in the list.
func (n *Names) Find(name string) (number int, ok bool) {
	from, to := 0, len(n.list)
	if at := int(n.last.Load()); at < to {
		switch strings.Compare(name, n.list[at]) {
		case 0:
			return at, true
		case 1:
			from = at + 1
			for step := 1; from+step <= to; step *= 2 {
				if next := from + step; n.list[next-1] >= name {
					to = next
					break
				} else {
					from = next
				}
			}
		default:
			to = at
			for step := 1; to-step >= 0; step *= 2 {
				if next := to - step; n.list[next] <= name {
					from = next
					break
				} else {
					to = next
				}
			}
		}
	}
	i, ok := slices.BinarySearch(n.list[from:to], name)
	if number = from + i; ok {
		n.last.Store(int32(number))
	}
	return number, ok
}
