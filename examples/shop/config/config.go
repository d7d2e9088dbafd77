// Package config has the settings of the shop and reads them from the command line.
package config

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Config is what can be set from outside.
type Config struct {
	// HTTP is the address of the shop's public interface.
	HTTP string
	// Fulfilment is the address that deliveries are sent to.
	Fulfilment string
	// Admin is the address that the shop is asked at how it is.
	Admin string
	// Database is the path of a file for SQLite, or the URL of a PostgreSQL, postgres://...; empty means a file in a
	// fresh temporary folder.
	Database string
	// Plan is how the plan is to be printed, one of Formats, instead of running the shop; empty runs it.
	Plan string
	// Debug has each request logged, and what each part does.
	Debug bool
}

// Formats are the forms of a plan.
var Formats = []string{"text", "dot", "mermaid", "json"}

// FromFlags reads the settings from the command line of the program. As programs do, it prints the flags and exits
// with 0 when asked for help, with 2 when it does not understand.
func FromFlags() Config {
	flags := flag.NewFlagSet(os.Args[0], flag.ExitOnError)
	settings, err := parse(flags, os.Args[1:])
	if err != nil {
		os.Exit(2)
	}
	return settings
}

func parse(flags *flag.FlagSet, args []string) (Config, error) {
	var settings Config
	flags.StringVar(&settings.HTTP, "http", "127.0.0.1:8080", "`address` of the shop; port 0 takes a free one")
	flags.StringVar(&settings.Fulfilment, "fulfilment", "127.0.0.1:8082", "`address` that deliveries are sent to")
	flags.StringVar(&settings.Admin, "admin", "127.0.0.1:8081", "`address` of /livez, /readyz and /startupz")
	flags.StringVar(&settings.Database, "db", "", "`path` of a file for SQLite, or postgres://... (default a file in a fresh temporary folder)")
	flags.Func("plan", "print what would start, and when, as `format` text, dot, mermaid or json, and exit", func(format string) error {
		if !slices.Contains(Formats, format) {
			return fmt.Errorf("want one of %s", strings.Join(Formats, ", "))
		}
		settings.Plan = format
		return nil
	})
	flags.BoolVar(&settings.Debug, "debug", false, "log each request, and what each part does")
	err := flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("%q is no flag", flags.Arg(0))
		fmt.Fprintln(flags.Output(), err)
		flags.Usage()
	}
	return settings, err
}
