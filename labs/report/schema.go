package report

import _ "embed"

// SchemaJSON is the JSON Schema of a report (draft 2020-12). The site
// publishes it beside the reports.
//
//go:embed schema.json
var SchemaJSON []byte
