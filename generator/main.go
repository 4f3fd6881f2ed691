// Command generator makes a site of a tree of tutorials, previews it, and
// checks it.
package main

import "docent/generator/cli"

func main() { cli.Main() }
