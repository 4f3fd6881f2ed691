package match

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// A quantity is a number with what it measures.
type quantity struct {
	value float64
	dim   string // "" a plain number, "byte", "second", "percent"
}

var quantityRE = regexp.MustCompile(`^([-+]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,3})?)\s*(%|[A-Za-zµμ]*)$`)

// units gives, by lower-case name, what a unit measures and how much of it.
// Decimal prefixes are powers of 1000, those with an i of 1024, as docker and
// the IEC write them. A single m is a minute, as in "3m".
var units = map[string]quantity{
	"": {1, ""}, "%": {1, "percent"},
	"b": {1, "byte"}, "byte": {1, "byte"}, "bytes": {1, "byte"},
	"kb": {1e3, "byte"}, "mb": {1e6, "byte"}, "gb": {1e9, "byte"}, "tb": {1e12, "byte"}, "pb": {1e15, "byte"},
	"kib": {1 << 10, "byte"}, "mib": {1 << 20, "byte"}, "gib": {1 << 30, "byte"}, "tib": {1 << 40, "byte"}, "pib": {1 << 50, "byte"},
	"ns": {1e-9, "second"}, "us": {1e-6, "second"}, "µs": {1e-6, "second"}, "μs": {1e-6, "second"}, "ms": {1e-3, "second"},
	"s": {1, "second"}, "sec": {1, "second"}, "secs": {1, "second"}, "second": {1, "second"}, "seconds": {1, "second"},
	"m": {60, "second"}, "min": {60, "second"}, "mins": {60, "second"}, "minute": {60, "second"}, "minutes": {60, "second"},
	"h": {3600, "second"}, "hour": {3600, "second"}, "hours": {3600, "second"}, "day": {86400, "second"}, "days": {86400, "second"},
}

// parseQuantity reads "443MB", "57412.602 ms", "20%" or "2,000". The unit may
// be one it does not know: then ok is false.
func parseQuantity(s string) (q quantity, ok bool) {
	m := quantityRE.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return quantity{}, false
	}
	u, known := units[strings.ToLower(m[2])]
	v, err := strconv.ParseFloat(strings.ReplaceAll(m[1], ",", ""), 64)
	if !known || err != nil || math.IsInf(v, 0) {
		return quantity{}, false
	}
	return quantity{v * u.value, u.dim}, true
}

// ParseSize reads a size such as "443MB", "8.26 GB" or "1.5GiB" as bytes.
func ParseSize(s string) (bytes int64, ok bool) {
	q, ok := parseQuantity(s)
	if !ok || q.dim != "byte" && q.dim != "" || q.value < 0 || q.value > math.MaxInt64/2 {
		return 0, false
	}
	return int64(math.Round(q.value)), true
}

// FormatSize writes bytes as docker does: three significant digits, decimal.
func FormatSize(bytes int64) string {
	v := float64(bytes)
	for _, unit := range []string{"B", "kB", "MB", "GB", "TB"} {
		if math.Abs(v) < 999.5 || unit == "TB" {
			return strconv.FormatFloat(v, 'g', max(3, len(strconv.Itoa(int(v)))), 64) + unit
		}
		v /= 1000
	}
	return ""
}

var toleranceRE = regexp.MustCompile(`^(.*?)\s*(?:±|\+/-)?\s*(\d+(?:\.\d+)?)\s*%$`)

// ParseTolerance reads "GFLOP/s ±20%", "±5%" or "ms 50%".
func ParseTolerance(s string) (Tolerance, error) {
	m := toleranceRE.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return Tolerance{}, fmt.Errorf("a tolerance is a unit and a percentage, such as %q; this is %q", "GFLOP/s ±20%", s)
	}
	v, err := strconv.ParseFloat(m[2], 64)
	if err != nil {
		return Tolerance{}, fmt.Errorf("the tolerance %q: %w", s, err)
	}
	return Tolerance{Unit: strings.TrimSpace(m[1]), Ratio: v / 100}, nil
}

// within reports whether got is at most ratio away from want, relative to
// want.
func within(want, got, ratio float64) bool {
	return math.Abs(got-want) <= ratio*math.Abs(want)+1e-12
}
