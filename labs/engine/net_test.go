package engine

import (
	"reflect"
	"strings"
	"testing"
)

const before = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
-A INPUT -s 10.0.0.0/8 -j DROP
COMMIT
*nat
:POSTROUTING ACCEPT [0:0]
COMMIT
`

const after = `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:MINE - [0:0]
-A INPUT -s 10.0.0.0/8 -j DROP
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -j MINE
COMMIT
*nat
:POSTROUTING ACCEPT [0:0]
:CNI-X - [0:0]
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -m comment --comment "CNI portfwd \"x\"" -j CNI-X
COMMIT
`

func TestUndoRulesTouchesOnlyTheEnginesOwn(t *testing.T) {
	lines := func(engine string) []string {
		var list []string
		for _, args := range undoRules(before, after, tracesOf[engine].rules) {
			list = append(list, strings.Join(args, "|"))
		}
		return list
	}
	want := map[string][]string{
		"docker": {
			"-t|filter|-D|FORWARD|-o|docker0|-j|DOCKER",
			"-t|nat|-D|POSTROUTING|-s|172.17.0.0/16|!|-o|docker0|-j|MASQUERADE",
			"-t|filter|-P|FORWARD|ACCEPT", "-t|filter|-F|DOCKER", "-t|filter|-X|DOCKER",
		},
		"podman": {
			`-t|nat|-D|POSTROUTING|-m|comment|--comment|CNI portfwd "x"|-j|CNI-X`,
			"-t|nat|-F|CNI-X", "-t|nat|-X|CNI-X",
		},
	}
	for engine, w := range want {
		if got := lines(engine); !reflect.DeepEqual(got, w) {
			t.Errorf("%s:\n%s\nwant\n%s", engine, strings.Join(got, "\n"), strings.Join(w, "\n"))
		}
	}
}
