package logging

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/strata-go/strata/hooks"
)

func TestDefaultOnATerminalIsForPeople(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	var out bytes.Buffer
	o := newDefault(&out, true)
	o.Observe(hooks.UnitStarting{At: at, Unit: server})
	o.Observe(hooks.AppStarted{At: at, Took: 1234567890, Critical: []hooks.Step{{Unit: "*shop.Server", Took: 1234567}}})

	want := "12:00:00.123  \x1b[34mINFO\x1b[0m  app started  " +
		`{"took": "1.235s", "critical": [{"unit": "*shop.Server", "took": "1.235ms"}]}` + "\n"
	if got := out.String(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestDefaultHasNoColoursWhereTheyAreNotWanted(t *testing.T) {
	for name, env := range map[string][2]string{"NO_COLOR": {"NO_COLOR", "1"}, "a dumb terminal": {"TERM", "dumb"}} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("NO_COLOR", "")
			t.Setenv(env[0], env[1])
			var out bytes.Buffer
			newDefault(&out, true).Observe(hooks.AppStopped{At: at, Took: time.Second})
			if got, want := out.String(), "12:00:00.123  INFO  app stopped  {\"took\": \"1s\"}\n"; got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

func TestDefaultElsewhereIsJSON(t *testing.T) {
	var out bytes.Buffer
	o := newDefault(&out, false)
	o.Observe(hooks.UnitStarting{At: at, Unit: server})
	o.Observe(hooks.AppStarted{At: at, Took: 1500 * time.Millisecond})

	want := `{"level":"info","ts":"2026-03-01T12:00:00.123456789Z","msg":"app started","took":1.5}` + "\n"
	if got := out.String(); got != want || !json.Valid(out.Bytes()) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestDefaultShowsFailures(t *testing.T) {
	for _, terminal := range []bool{true, false} {
		var out bytes.Buffer
		newDefault(&out, terminal).Observe(hooks.UnitFailed{At: at, Unit: server, Cause: errBroken})
		if got := out.String(); !strings.Contains(got, "broken") || strings.Count(got, "\n") != 1 {
			t.Errorf("terminal %t: %q", terminal, got)
		}
	}
}

// A unit that is restarted again and again is not to be so in silence.
func TestDefaultShowsWhatUnitsReport(t *testing.T) {
	for _, terminal := range []bool{true, false} {
		var out bytes.Buffer
		newDefault(&out, terminal).Observe(hooks.UnitReported{At: at, Unit: server, Value: "failure 2 of 10"})
		if got := out.String(); !strings.Contains(got, "failure 2 of 10") || strings.Count(got, "\n") != 1 {
			t.Errorf("terminal %t: %q", terminal, got)
		}
	}
}

func TestDefaultDoesNotFlushWhatCannotBe(t *testing.T) {
	for _, terminal := range []bool{true, false} {
		o := newDefault(&unsyncable{err: errBroken}, terminal)
		if err := o.(interface{ Sync() error }).Sync(); err != nil {
			t.Errorf("terminal %t: %v", terminal, err)
		}
	}
	if Default() == nil {
		t.Error("there is no default")
	}
}

func TestFilesAndPipesAreNoTerminals(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []*os.File{file, reader, writer} {
		if isTerminal(f) {
			t.Errorf("%s is taken for a terminal", f.Name())
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if isTerminal(f) {
			t.Errorf("%s, closed, is taken for a terminal", f.Name())
		}
	}
}

func TestReadableDurations(t *testing.T) {
	cases := map[time.Duration]string{
		0:                        "0s",
		1234 * time.Nanosecond:   "1.234µs",
		12345678:                 "12.346ms",
		-12345678:                "-12.346ms",
		12345678901:              "12.346s",
		83*time.Second + 4567891: "1m23s",
	}
	for d, want := range cases {
		if got := readable(d).String(); got != want {
			t.Errorf("%d ns: %s, want %s", d, got, want)
		}
	}
}
