package html

// quoteState remembers what stands before the next character of a text
// block, across inline elements.
type quoteState struct{ prev rune }

func (q *quoteState) after(r rune) { q.prev = r }

func (w *writer) smart(s string) { w.b = appendEscaped(w.b, s) }
