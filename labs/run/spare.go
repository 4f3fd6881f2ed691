package run

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// machines are the kernel's names for what programs are made for; for another
// one nothing is spared.
var machines = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// spare makes the kernel refuse to this thread, and to all that it starts, to
// signal a process, a group (-pgid), or everything (-1). A session of root's
// could else end the run that it belongs to, and the machine's other programs.
func spare(pids ...int) error {
	machine, ok := machines[runtime.GOARCH]
	if !ok {
		return unix.ENOSYS
	}
	const (
		load  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		give  = unix.BPF_RET | unix.BPF_K
		// Offsets in what the kernel shows of a call (struct seccomp_data).
		number, arch, first = 0, 4, 16 // the low half of the first argument
	)
	calls := []uint32{unix.SYS_KILL, unix.SYS_TKILL, unix.SYS_TGKILL, unix.SYS_PIDFD_OPEN}
	n, m := uint8(len(calls)), uint8(len(pids))
	filter := []unix.SockFilter{
		{Code: load, K: arch},
		{Code: equal, K: machine, Jf: 1 + n + 1 + m}, // a program for another machine: allowed
		{Code: load, K: number},
	}
	for i, c := range calls {
		jump := unix.SockFilter{Code: equal, K: c, Jt: n - uint8(i) - 1}
		if i == len(calls)-1 {
			jump.Jf = 1 + m // none of them: allowed
		}
		filter = append(filter, jump)
	}
	filter = append(filter, unix.SockFilter{Code: load, K: first})
	for i, pid := range pids {
		filter = append(filter, unix.SockFilter{Code: equal, K: uint32(int32(pid)), Jt: m - uint8(i)})
	}
	filter = append(filter, unix.SockFilter{Code: give, K: unix.SECCOMP_RET_ALLOW},
		unix.SockFilter{Code: give, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)})
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}
