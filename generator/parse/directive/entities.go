package directive

import "docent/generator/doc"

func standardInclude(Parser, string) ([]*doc.Node, bool) { return nil, false }
