// Command profile runs a command line of the generator and writes where its
// processor time went, for go tool pprof.
//
//	go run ./bench/profile FILE build --source docs --out public
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"

	"docent/generator/cli"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: profile FILE COMMAND [FLAG]...")
		os.Exit(cli.ExitUsage)
	}
	code, err := run(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
		code = cli.ExitMachine
	}
	os.Exit(code)
}

func run(file string, args []string) (code int, err error) {
	f, err := os.Create(file)
	if err != nil {
		return 0, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return 0, err
	}
	code = cli.Run(context.Background(), args, cli.Terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	pprof.StopCPUProfile()
	return code, f.Close()
}
