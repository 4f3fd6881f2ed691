package directive

// A Table finds directives and roles by name. It is read-only once parsing
// begins.
type Table struct {
	Directives map[string]*Directive
	Roles      map[string]Role
}
