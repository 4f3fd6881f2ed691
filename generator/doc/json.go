package doc

import (
	"bufio"
	"encoding/json"
	"io"
)

// jsonNode is the form of a node in `generator inspect --as json`.
type jsonNode struct {
	Kind     string            `json:"kind"`
	File     int32             `json:"file,omitempty"` // index of the source
	Offset   int32             `json:"offset"`         // bytes from its start
	Text     string            `json:"text,omitempty"`
	IDs      []string          `json:"ids,omitempty"`
	Names    []string          `json:"names,omitempty"`
	DupNames []string          `json:"dupnames,omitempty"`
	Classes  []string          `json:"classes,omitempty"`
	Backrefs []string          `json:"backrefs,omitempty"`
	Attrs    map[string]string `json:"attrs,omitempty"`
	Children []jsonNode        `json:"children,omitempty"`
}

// WriteJSON writes the tree with every attribute, hidden ones too, and the
// place each node came from.
func WriteJSON(w io.Writer, root *Node) error {
	b := bufio.NewWriterSize(w, 1<<16)
	enc := json.NewEncoder(b)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(toJSON(root)); err != nil {
		return err
	}
	return b.Flush()
}

func toJSON(n *Node) jsonNode {
	j := jsonNode{Kind: n.Kind.String(), File: n.Pos.File, Offset: n.Pos.Off, Text: n.Text, IDs: n.IDs(), Names: n.Names(),
		DupNames: n.DupNames(), Classes: n.Classes(), Backrefs: n.Backrefs()}
	if attrs := n.Attrs(); len(attrs) > 0 {
		j.Attrs = make(map[string]string, len(attrs))
		for _, a := range attrs {
			j.Attrs[a.Key] = a.Value
		}
	}
	for _, c := range n.Children {
		j.Children = append(j.Children, toJSON(c))
	}
	return j
}
