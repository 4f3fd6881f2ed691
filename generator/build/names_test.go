package build

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestNames looks for names in order, backwards and anyhow, among them such as
// are not there.
func TestNames(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for size := range 70 {
		var n Names
		all := map[string]int{}
		for i := range size {
			name := fmt.Sprintf("%03d", 2*i+1)
			if all[name] = i; !n.Add(name) {
				t.Fatalf("%s was not taken", name)
			}
		}
		if size > 0 && (n.Add("") || n.Add(n.All()[size-1])) {
			t.Error("a name was taken in another place than its own")
		}
		var asked []int
		for i := range 2*size + 2 {
			asked = append(asked, i)
		}
		asked = slices.Concat(asked, asked)
		slices.Reverse(asked[len(asked)/2:])
		for range 200 {
			asked = append(asked, random.IntN(2*size+2))
		}
		for _, a := range asked {
			name := fmt.Sprintf("%03d", a)
			want, there := all[name]
			if got, ok := n.Find(name); ok != there || ok && got != want {
				t.Fatalf("of %d names, %s is %d, %t; want %d, %t", size, name, got, ok, want, there)
			}
		}
	}
}
