package doc

import (
	"iter"
	"strings"
)

// Nearest gives the name that is fewest edits from word, or "" when none is
// near enough to be meant.
func Nearest(word string, names iter.Seq[string]) string {
	return within(1+max(1, len(word)/3), word, names)
}

// Misspelt gives the name that is one edit from word, or "".
func Misspelt(word string, names iter.Seq[string]) string { return within(2, word, names) }

func within(best int, word string, names iter.Seq[string]) string {
	word = strings.ToLower(word)
	bestName := ""
	for n := range names {
		if d := len(n) - len(word); d >= best || -d >= best {
			continue
		}
		if d := edits(word, n); d < best || d == best && bestName != "" && n < bestName {
			best, bestName = d, n
		}
	}
	return bestName
}

// edits counts insertions, deletions, replacements and swaps of neighbours.
func edits(a, b string) int {
	var space [3 * 40]int // enough for most names
	rows := space[:]
	k := len(b) + 1
	if 3*k > len(rows) {
		rows = make([]int, 3*k)
	}
	before, last, row := rows[:k], rows[k:2*k], rows[2*k:3*k]
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
