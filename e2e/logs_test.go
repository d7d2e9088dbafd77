package e2e

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

var rewriteLogs = flag.Bool("rewrite-logs", false, "write the logs in docs/logs.md anew")

const logsDocument = "../docs/logs.md"

// docs/logs.md shows what programs log, as JSON and on a terminal. Times, places of files and ports aside, they log that.
func TestProgramsLogWhatTheDocumentShows(t *testing.T) {
	document, err := os.ReadFile(logsDocument)
	if err != nil {
		t.Fatal(err)
	}
	shown := shownLogs(t, string(document))
	var mu sync.Mutex // guards logged
	logged := make(map[string]string)
	t.Run("programs", func(t *testing.T) {
		for name, played := range scenes {
			for form, log := range map[string]func(*testing.T, scene) string{"json": logJSON, "terminal": logOnTerminal} {
				t.Run(name+"/"+form, func(t *testing.T) {
					t.Parallel()
					text := log(t, played)
					mu.Lock()
					defer mu.Unlock()
					logged[name+" "+form] = text
				})
			}
		}
	})
	if *rewriteLogs {
		here, err := filepath.Abs("..")
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range logged {
			text = strings.ReplaceAll(text, here, "/src/strata")
			document = []byte(strings.Replace(string(document), logBlock(name, shown[name]), logBlock(name, text), 1))
		}
		if err := os.WriteFile(logsDocument, document, fs.ModePerm); err != nil {
			t.Fatal(err)
		}
		return
	}
	for name, text := range logged {
		if got, want := withoutChance(text), withoutChance(shown[name]); got != want {
			t.Errorf("%s: logged\n%s\n%s shows\n%s", name, got, logsDocument, want)
		}
	}
	for name := range shown {
		if _, ok := logged[name]; !ok {
			t.Errorf("%s shows %s, which nobody logs", logsDocument, name)
		}
	}
}

// scene is how a program is run, and what happens to it.
type scene struct {
	build   func() (path string, err error)
	prepare func(t *testing.T) (args []string)
	await   string // when this is in the log, or on the screen, it is told to stop; if it is empty it ends by itself
}

var scenes = map[string]scene{
	"good-day": {
		build:   buildShop,
		prepare: func(t *testing.T) []string { return freePorts() },
		await:   "started",
	},
	"failed-start": {
		build: buildShop,
		prepare: func(t *testing.T) []string {
			taken, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = taken.Close() })
			return append(freePorts(), "-http", taken.Addr().String())
		},
	},
	"crash": {
		build:   sync.OnceValues(func() (string, error) { return buildIn(".", "ends") }),
		prepare: func(t *testing.T) []string { return []string{"-screen", "-run=fail"} },
	},
	"hang-start": {
		build: buildShop,
		prepare: func(t *testing.T) []string {
			return append(freePorts(), "-db", "postgres://shop@"+refusing(t)+"/shop")
		},
		await: `still starting|store\.Store +5\.`,
	},
	"hang-stop": {
		build:   sync.OnceValues(func() (string, error) { return build("stuck") }),
		prepare: func(t *testing.T) []string { return nil },
		await:   "started",
	},
}

// refusing returns an address that refuses connections, and that nobody else gets: it is bound, and not listened on.
func refusing(t *testing.T) string {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(socket) })
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	address, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", address.(*syscall.SockaddrInet4).Port)
}

func freePorts() []string {
	return []string{"-http", "127.0.0.1:0", "-fulfilment", "127.0.0.1:0", "-admin", "127.0.0.1:0"}
}

// logJSON returns what a program logs where there is no terminal, from level info.
func logJSON(t *testing.T, s scene) string {
	path, err := s.build()
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, path, s.prepare(t)...)
	if s.await != "" {
		eventually(t, s.await, func() bool { return regexp.MustCompile(s.await).MatchString(p.log.text()) })
		p.signal(syscall.SIGTERM)
	}
	p.end()
	var lines []string
	for l := range strings.Lines(p.log.text()) {
		if !strings.Contains(l, `"level":"debug"`) {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "")
}

// logOnTerminal returns what is left on a terminal.
func logOnTerminal(t *testing.T, s scene) string {
	p := onTerminal(t, 400, 40, s.build, s.prepare(t)...)
	if s.await != "" {
		p.await(s.await, s.await)
		p.press(ctrlC)
	}
	p.exitCode()
	<-p.read
	return p.shown()
}

// shownLogs returns the blocks of the document by their names, which stand in a comment above each.
func shownLogs(t *testing.T, document string) map[string]string {
	found := regexp.MustCompile("(?s)<!-- log: ([a-z -]+) -->\n```text\n(.*?)```\n").FindAllStringSubmatch(document, -1)
	if len(found) == 0 {
		t.Fatal(errors.New(logsDocument + " shows no logs"))
	}
	shown := make(map[string]string)
	for _, block := range found {
		shown[block[1]] = block[2]
	}
	return shown
}

func logBlock(name, text string) string {
	return fmt.Sprintf("<!-- log: %s -->\n```text\n%s```\n", name, text)
}

// chances are parts of a log that differ from run to run. Lines of units that start together come in any order, which
// the caller of withoutChance sees to.
var chances = []struct{ pattern, instead string }{
	{`"ts":("[^"]*"|[0-9.]+)`, `"ts":TIME`},
	{`\^C`, ""},
	{`(?m)^\d\d:\d\d:\d\d(\.\d+)?`, "TIME"},
	{`"(took|for)": ?"?[0-9.eµmsn-]+"?`, `"$1":TOOK`},
	{`\b\d+(\.\d+)?(ns|µs|ms|s)\b`, "TOOK"},
	{`TOOK: .*`, "TOOK: CHAIN"}, // units of the critical chain that took next to nothing are left out
	{`127\.0\.0\.1:\d+`, "ADDRESS"},
	{`[^ "\n]*/(shop\.db|main\.go|cache\.go)`, "$1"},
	{`:\d+"`, `:LINE"`},
	{`\.go:\d+`, ".go:LINE"},
	{`attempt \d+`, "attempt N"},
}

func withoutChance(text string) string {
	for _, c := range chances {
		text = regexp.MustCompile(c.pattern).ReplaceAllString(text, c.instead)
	}
	lines := strings.SplitAfter(text, "\n")
	reports := 0
	lines = slices.DeleteFunc(lines, func(line string) bool {
		if strings.Contains(line, `"unit report"`) {
			reports++
		}
		return strings.Contains(line, `"unit report"`) && reports > 1 // the next may still have come
	})
	for i := range lines { // what the servers say while they start, in an order that nobody promises
		for j := i; j > 0 && isOfTheShop(lines[j]) && isOfTheShop(lines[j-1]) && lines[j] < lines[j-1]; j-- {
			lines[j], lines[j-1] = lines[j-1], lines[j]
		}
	}
	return strings.Join(lines, "")
}

func isOfTheShop(line string) bool {
	return strings.Contains(line, "listening") || strings.Contains(line, "database") && strings.Contains(line, "path")
}
