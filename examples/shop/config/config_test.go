package config

import (
	"flag"
	"io"
	"testing"
)

func TestFlagsHaveTheirDefaults(t *testing.T) {
	settings, err := parse(quiet(), nil)
	if err != nil {
		t.Fatal(err)
	}

	want := Config{HTTP: "127.0.0.1:8080", Fulfilment: "127.0.0.1:8082", Admin: "127.0.0.1:8081"}
	if settings != want {
		t.Errorf("settings = %+v, want %+v", settings, want)
	}
}

func TestFlagsSetWhatTheyName(t *testing.T) {
	settings, err := parse(quiet(), []string{"-http", ":1", "-fulfilment", ":2", "-admin", ":3", "-db", "shop.db", "-plan", "dot", "-debug"})
	if err != nil {
		t.Fatal(err)
	}

	want := Config{HTTP: ":1", Fulfilment: ":2", Admin: ":3", Database: "shop.db", Plan: "dot", Debug: true}
	if settings != want {
		t.Errorf("settings = %+v, want %+v", settings, want)
	}
}

func TestWhatIsNoFlagIsAnError(t *testing.T) {
	for _, args := range [][]string{{"-htpp", ":1"}, {"start", "-http", ":1"}, {"-plan", "svg"}, {"-plan", ""}} {
		if _, err := parse(quiet(), args); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

func quiet() *flag.FlagSet {
	flags := flag.NewFlagSet("shop", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}
