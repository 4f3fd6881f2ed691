// Package assets holds the theme: templates, style sheet, scripts and icons.
// It only embeds them; package site puts pages into them.
package assets

import "embed"

// Files are the theme's files: templates/*.html, css/*.css, js/*.js,
// icons/*.svg, and words/*.yaml: the theme's own words in other languages.
//
//go:embed templates/*.html css/*.css js/*.js icons/*.svg words/*.yaml
var Files embed.FS
