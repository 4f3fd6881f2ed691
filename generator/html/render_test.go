package html

import (
	"testing"

	"docent/generator/doc"
)

func TestEveryKindHasARenderer(t *testing.T) {
	for k := range doc.Kinds {
		if renderers[k] == nil {
			t.Errorf("no renderer for %s", doc.Kind(k))
		}
	}
}
