package run

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// driver is the bash program that runs one step's commands in a fresh bash and
// carries the shell's state from the step before to the step after.
//
// It is called as
//
//	bash --noprofile --norc -c DRIVER docent-step STATE SAVE MARK COMMAND...
//
// STATE is the file to restore from, SAVE the file to save to (empty: keep
// nothing), MARK a word that no program prints by accident. After each command
// it prints a record "\x1eMARK N STATUS\x1e". The first command that fails ends
// the step, as a reader would stop there.
//
// The same program runs on the host and, through docker exec, in a job. All
// saving is done in the main shell and never in a substitution, because a
// substitution changes the options it is meant to write down.
const driver = `
exec 2>&1 199>&1
__docent_state=$1 __docent_save=$2 __docent_mark=$3
shift 3
__docent_cmds=("$@")
set --
__docent_n=0 __docent_status=0 __docent_name= __docent_dir= __docent_old=
__docent_return() { return "$1"; }
__docent_record() {
  { printf '\x1e%s %d %d\x1e' "$__docent_mark" "$__docent_n" "$__docent_status" >&199; } 2>/dev/null ||
    printf '\x1e%s %d %d\x1e' "$__docent_mark" "$__docent_n" "$__docent_status"
}
__docent_keep() {
  local __docent_shopt __docent_set
  { shopt -p || :; while IFS= read -r __docent_name; do
      case $__docent_name in
        __docent_*|BASH|BASHOPTS|BASHPID|BASH_*|COMP_*|DIRSTACK|EPOCH*|EUID|FUNCNAME|GROUPS|HISTCMD|LINENO|\
        MACHTYPE|OSTYPE|HOSTTYPE|PIPESTATUS|PPID|RANDOM|SECONDS|SHELLOPTS|SHLVL|SRANDOM|UID|_|DOCENT_LAB_SOCKET) continue ;;
      esac
      declare -p "$__docent_name" 2>/dev/null || :
    done < <(compgen -v)
    while IFS= read -r __docent_name; do
      [[ $__docent_name == __docent_* ]] || declare -f "$__docent_name" || :
    done < <(compgen -A function)
    while IFS=' ' read -r _ _ __docent_name; do
      [[ $__docent_name == __docent_* ]] || printf 'export -f %s\n' "$__docent_name"
    done < <(declare -Fx)
    alias -p || :
    umask -p
    printf '__docent_dir=%q\n__docent_old=%q\n__docent_status=%d\n' "$PWD" "${OLDPWD-}" "$__docent_status"
    set +o
    printf '# complete\n'
  } >|"$__docent_save"
}
__docent_leave() {
  __docent_status=$?
  (( __docent_n < ${#__docent_cmds[@]} )) && __docent_record
  [[ $__docent_save ]] && __docent_keep
  exit "$__docent_status"
}
trap __docent_leave EXIT
shopt -s expand_aliases
if [[ -e $__docent_state ]]; then
  . "$__docent_state" 2>/dev/null
fi
if [[ $__docent_dir ]] && ! cd -- "$__docent_dir"; then
  __docent_cmds=() __docent_save=
  exit 1
fi
OLDPWD=$__docent_old
while (( __docent_n < ${#__docent_cmds[@]} )); do
  [[ $- == *e* ]] || __docent_return "$__docent_status"
  eval -- "${__docent_cmds[__docent_n]}" 199>&-
  __docent_status=$?
  __docent_record
  (( __docent_n += 1 ))
  (( __docent_status == 0 )) || break
done
__docent_n=${#__docent_cmds[@]}
__docent_return "$__docent_status"
`

// An outcome is what one command of a step did.
type outcome struct {
	Ran    bool
	Exit   int
	Output []byte
}

// splitRecords cuts the output of a driver into what each command printed.
// What a command printed that has no record yet (it was killed) is given to
// the command it belongs to, with Ran false.
func splitRecords(out []byte, mark string, n int) (per []outcome, clean []byte) {
	per = make([]outcome, n)
	re := regexp.MustCompile("\x1e" + regexp.QuoteMeta(mark) + ` (\d+) (\d+)` + "\x1e")
	at, next := 0, 0
	for _, m := range re.FindAllSubmatchIndex(out, -1) {
		i, _ := strconv.Atoi(string(out[m[2]:m[3]]))
		code, _ := strconv.Atoi(string(out[m[4]:m[5]]))
		if i < n {
			per[i] = outcome{Ran: true, Exit: code, Output: bytes.Clone(out[at:m[0]])}
			next = i + 1
		}
		clean = append(clean, out[at:m[0]]...)
		at = m[1]
	}
	if next < n {
		per[next].Output = bytes.Clone(out[at:])
	} else if n > 0 && at < len(out) {
		per[n-1].Output = append(per[n-1].Output, out[at:]...)
	}
	return per, append(clean, out[at:]...)
}

// initialState writes the state file of a session's first step: its
// environment and its working folder.
func initialState(env map[string]string, dir string) string {
	var b strings.Builder
	for _, k := range sortedKeys(env) {
		fmt.Fprintf(&b, "export %s=%s\n", k, quote(env[k]))
	}
	fmt.Fprintf(&b, "__docent_dir=%s\n# complete\n", quote(dir))
	return b.String()
}

// quote makes one bash word of a text.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
