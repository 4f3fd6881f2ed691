package directive

import "fmt"

// unifiedDiff gives the lines of `diff -u`, with three lines of context and
// no dates, as Python's difflib writes them.
func unifiedDiff(old, new []string, oldName, newName string) []string {
	type op struct {
		kind byte // ' ', '-', '+'
		a, b int  // how far old and new are before it
		text string
	}
	var ops []op
	a, b := 0, 0
	for _, m := range append(matches(old, new), [2]int{len(old), len(new)}) {
		for ; a < m[0]; a++ {
			ops = append(ops, op{'-', a, b, old[a]})
		}
		for ; b < m[1]; b++ {
			ops = append(ops, op{'+', a, b, new[b]})
		}
		if a < len(old) {
			ops = append(ops, op{' ', a, b, old[a]})
			a, b = a+1, b+1
		}
	}
	const context = 3
	var out []string
	for i := 0; i < len(ops); {
		if ops[i].kind == ' ' {
			i++
			continue
		}
		start, end, quiet := max(0, i-context), i, 0
		for j := i; j < len(ops) && quiet <= 2*context; j++ {
			if ops[j].kind == ' ' {
				quiet++
			} else {
				quiet, end = 0, j+1
			}
		}
		hunk := ops[start:min(len(ops), end+context)]
		if out == nil {
			out = append(out, "--- "+oldName+"\n", "+++ "+newName+"\n")
		}
		na, nb := 0, 0
		for _, o := range hunk {
			if o.kind != '+' {
				na++
			}
			if o.kind != '-' {
				nb++
			}
		}
		out = append(out, fmt.Sprintf("@@ -%s +%s @@\n", hunkRange(hunk[0].a, na), hunkRange(hunk[0].b, nb)))
		for _, o := range hunk {
			out = append(out, string(o.kind)+o.text)
		}
		i = end
	}
	return out
}

func hunkRange(start, n int) string {
	switch n {
	case 0:
		return fmt.Sprintf("%d,0", start)
	case 1:
		return fmt.Sprint(start + 1)
	}
	return fmt.Sprintf("%d,%d", start+1, n)
}

// matches gives the pairs of equal lines of a longest common subsequence,
// found with Myers' algorithm. Past 1000 differences it gives up on the part
// between the common start and end.
func matches(old, new []string) [][2]int {
	var head, tail [][2]int
	lo := 0
	for lo < len(old) && lo < len(new) && old[lo] == new[lo] {
		head = append(head, [2]int{lo, lo})
		lo++
	}
	ea, eb := len(old), len(new)
	for ea > lo && eb > lo && old[ea-1] == new[eb-1] {
		ea, eb = ea-1, eb-1
		tail = append(tail, [2]int{ea, eb})
	}
	a, b := old[lo:ea], new[lo:eb]
	const most = 1000
	limit := min(len(a)+len(b), most)
	v := make([]int, 2*limit+3)
	var trace [][]int
	found := -1
search:
	for d := 0; d <= limit; d++ {
		trace = append(trace, append([]int(nil), v...))
		for k := -d; k <= d; k += 2 {
			i := limit + 1 + k
			x := v[i-1] + 1
			if k == -d || k != d && v[i-1] < v[i+1] {
				x = v[i+1]
			}
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			if v[i] = x; x >= len(a) && x-k >= len(b) {
				found = d
				break search
			}
		}
	}
	var middle [][2]int
	if x, y := len(a), len(b); found >= 0 {
		for d := found; d > 0; d-- {
			v, k := trace[d], x-y
			i := limit + 1 + k
			prev := k - 1
			if k == -d || k != d && v[i-1] < v[i+1] {
				prev = k + 1
			}
			px := v[limit+1+prev]
			py := px - prev
			for x > px && y > py {
				x, y = x-1, y-1
				middle = append(middle, [2]int{x + lo, y + lo})
			}
			x, y = px, py
		}
		for x > 0 && y > 0 {
			x, y = x-1, y-1
			middle = append(middle, [2]int{x + lo, y + lo})
		}
	}
	out := head
	for i := len(middle) - 1; i >= 0; i-- {
		out = append(out, middle[i])
	}
	for i := len(tail) - 1; i >= 0; i-- {
		out = append(out, tail[i])
	}
	return out
}
