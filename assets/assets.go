// Package assets holds the theme: templates, style sheet, scripts and icons.
// It only embeds them; package site puts pages into them.
package assets

import "embed"

// Files are the theme's files: templates/*.html, css/*.css, js/*.js,
// icons/*.svg.
//
//go:embed templates/*.html css/*.css js/*.js icons/*.svg
var Files embed.FS
