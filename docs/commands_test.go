package docs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// elsewhere are the commands of the documents that TestCommandsWork does not run, and who
// does. That they name packages and tests which are there is checked all the same.
var elsewhere = map[string]string{
	"go test work":       "CI, which is why this test must not",
	"go test -race work": "CI, which is why this test must not",
	"bash .ci/run":       "CI: it is what CI runs",

	"go test ./hooks/systemd":                                         "CI: go test work runs these tests",
	"go test -count=1 -run AppsEndAsTheTablesSay ./e2e":               "CI: go test work runs these tests",
	"go test -v -count=1 -run DoesWhatDigDoes ./container":            "CI: go test work runs these tests",
	"go test -v -count=1 -run Postgres ./e2e":                         "CI: go test work runs these tests, where there is a PostgreSQL",
	"go test -v -count=1 -run Enumerate ./process":                    "CI: a step of its own",
	"go test -count=1 -run Kubernetes ./docs":                         "CI: go test work runs these tests",
	"go test -count=1 -run ProgramsLogWhatTheDocumentShows ./e2e":     "CI: go test work runs these tests",
	"go test -v -count=1 ./examples/fxapp":                            "CI: go test work runs these tests",
	"go test ./container/inspect":                                     "CI: go test work runs these tests",
	"go test -count=1 -run 'ThePage|OnThePage|OpenPage' ./e2e":        "CI: go test work runs these tests, in Chromium",
	"STRATA_SCREENSHOTS=1 go test -count=1 -run IsPictured ./e2e":     "by hand: it writes pictures, which are to be looked at",
	"docker stop -t 30 shop":                                          "by hand, where there is a Docker; TestKubernetesAndOthersWaitLongEnough checks the number",
	"docker run --stop-timeout 30 shop":                               "by hand, where there is a Docker; TestKubernetesAndOthersWaitLongEnough checks the number",
	"go run ./bench/report":                                           "by hand, it takes minutes and measures; CI runs it with -quick",
	"go run ./examples/shop -db 'postgres://postgres@localhost/shop'": "by hand; the tests of e2e on PostgreSQL run it on one of their own",

	"STRATA_ENUMERATE=3 go test -v -count=1 -run Enumerate -timeout 12h ./process": "by hand, it takes hours; CI runs less of it",
	"go test -run Random ./process -rapid.checks=100000":                           "by hand, it takes long; CI runs less of it",
	"bash tools/mutate": "by hand, it takes an hour",
	"STRATA_PROGRAMS=100000 go test -v -count=1 -run DoesWhatDigDoes -timeout 1h ./container": "by hand, it takes minutes; CI runs less of it",
	"STRATA_E2E_ROUNDS=200 go test -v -count=1 -run ShopLosesNothing -timeout 1h ./e2e":       "by hand, it takes long; CI runs less of it",
	"STRATA_E2E_ROUNDS=100 go test -v -count=1 -run UnderLoad ./process/httpprocess":          "by hand, it takes long; CI runs less of it",
	"STRATA_E2E_ROUNDS=100 go test -v -count=1 -run UnderLoad ./process/grpcprocess":          "by hand, it takes long; CI runs less of it",
	"STRATA_EXPLORE=1 go test -v -count=1 -run Holds ./examples/shop":                         "by hand, in real time; CI runs it in virtual time",
	"go test -run '^$' -bench '/peer=Strata' -count 10 ./bench >old.txt":                      "by hand, on a quiet machine",
	"go test -run '^$' -bench '/peer=Strata' -count 10 ./bench >new.txt":                      "by hand, on a quiet machine",
	"go tool benchstat old.txt new.txt":                                                       "by hand, after these two",
}

func TestCommandsWork(t *testing.T) {
	if os.Getenv(underway) != "" {
		t.Skip("a command of the documents runs the tests of the documents")
	}
	// In a fresh clone that takes minutes, which are not those of the first command.
	build := exec.Command("go", "build", "./examples/...")
	build.Dir, build.Env = root, environment()
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, output)
	}
	for _, p := range pages(t) {
		t.Run(p.path, func(t *testing.T) {
			t.Parallel()
			s := newSession(t, p.path)
			for _, c := range commands(p) {
				if _, ok := elsewhere[c.text]; !ok {
					report(t, s.run(c))
				}
			}
			report(t, s.stop())
		})
	}
}

func TestCommandsNameWhatIsThere(t *testing.T) {
	for _, p := range pages(t) {
		for _, c := range commands(p) {
			report(t, c.names())
		}
		for _, span := range p.spans {
			if programOfGo.MatchString(span.text) {
				report(t, split(span, span.text).names())
			}
		}
	}
}

func TestCommandsRunElsewhereStandInTheDocuments(t *testing.T) {
	report(t, stale(elsewhere, pages(t)))
}

func TestCommandThatIsRottenIsFound(t *testing.T) {
	for _, test := range []struct{ name, language, text, says string }{
		{"fails", "sh", "ls missing", "missing"},
		{"is an example that no list has", "sh", "go run ./examples/missing", "docs/session_test.go"},
		{"fails in a console", "console", "$ ls missing\n", "missing"},
		{"prints something else", "console", "$ echo one\ntwo\n", `prints "one\n"`},
		{"prints more", "console", "$ printf 'one\\ntwo\\n'\none\n", `prints "one\ntwo\n"`},
		{"has no prompt", "console", "echo one\n", "$"},
		{"needs a server", "sh", "curl http://127.0.0.1:1/", "127.0.0.1"},
		{"does not start", "sh", "go run ./examples/shop -frobnicate", "it does not start"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := read("rotten.md", []byte("```"+test.language+"\n"+test.text+"\n```\n"))
			s := newSession(t, "rotten.md")
			s.patience = 0
			var problems []string
			for _, c := range commands(p) {
				problems = append(problems, s.run(c)...)
			}
			wantProblem(t, append(problems, s.stop()...), "rotten.md:2: ", test.says)
		})
	}
	t.Run("does not end", func(t *testing.T) {
		t.Parallel()
		s := newSession(t, "rotten.md")
		s.limit = 100 * time.Millisecond
		c := read("rotten.md", []byte("```sh\nsleep 1000; true\n```\n"))
		wantProblem(t, s.run(commands(c)[0]), "rotten.md:2: ", "it does not end")
	})
	t.Run("status", func(t *testing.T) {
		t.Parallel()
		p := read("rotten.md", []byte("```sh\ngo run ./examples/hello\ncurl http://127.0.0.1:8080/reader # 404\n```\n"))
		s := newSession(t, "rotten.md")
		s.patience = 0
		var problems []string
		for _, c := range commands(p) {
			problems = append(problems, s.run(c)...)
		}
		wantProblem(t, append(problems, s.stop()...), "rotten.md:3: ", "status 200, want 404")
	})
}

func TestCommandThatNamesWhatIsGoneIsFound(t *testing.T) {
	for _, test := range []struct{ text, says string }{
		{"go test ./gone", "./gone"},
		{"go test ./container -run NoSuchTestInThere", "NoSuchTestInThere"},
		{"go test -bench 'NoSuchBenchmark/peer=a' ./bench", "NoSuchBenchmark"},
		{"go run ./docs", "./docs"},
		{"bash tools/gone", "tools/gone"},
	} {
		p := read("rotten.md", []byte("```sh\n"+test.text+"\n```\n"))
		wantProblem(t, commands(p)[0].names(), "rotten.md:2: ", test.says)
	}
}

func TestStaleExceptionIsFound(t *testing.T) {
	p := read("right.md", []byte("```sh\ngo test work # all of it\n```\n"))
	wantProblem(t, stale(map[string]string{"go test work": "CI", "go test gone": "CI"}, []*page{p}), "go test gone")
}

func TestCommandsAreTakenOutOfBlocks(t *testing.T) {
	p := read("right.md", []byte("```sh\n# only a comment\na '# b' \\\n  c   # 201, d\n\ne#f\n```\n```console\n$ g # h\ni\n\nj\n$ k\n```\n"))

	var got []string
	for _, c := range commands(p) {
		got = append(got, fmt.Sprintf("%d %s|%s|%q", c.line, c.text, c.comment, c.output))
	}

	want := []string{`3 a '# b' c|201, d|""`, `6 e#f||""`, `9 g|h|"i\n\nj\n"`, `13 k||""`}
	if !slices.Equal(got, want) {
		t.Errorf("commands:\n%q, want\n%q", got, want)
	}
}

// command is a command of a document.
type command struct {
	block
	comment string
	output  string // what the document says that it prints; "" if it does not say
}

// commands returns the commands of a page, in their order.
func commands(p *page) (all []command) {
	for _, b := range p.blocks {
		lines := strings.Split(strings.TrimSuffix(b.text, "\n"), "\n")
		for i := 0; i < len(lines); i++ {
			at := b
			at.line += i
			text := lines[i]
			switch b.language {
			case "sh":
				for strings.HasSuffix(text, "\\") && i+1 < len(lines) {
					i++
					text = strings.TrimSuffix(text, "\\") + strings.TrimSpace(lines[i])
				}
				if c := split(at, text); c.text != "" {
					all = append(all, c)
				}
			case "console":
				if prompted, ok := strings.CutPrefix(text, "$ "); ok {
					all = append(all, split(at, prompted))
				} else if i == 0 {
					all = append(all, command{block: block{b.page, b.line, "", ""}}) // which run refuses
				} else {
					all[len(all)-1].output += text + "\n"
				}
			}
		}
	}
	return all
}

// split separates a command from its comment, which a # begins that follows a space and is not quoted.
func split(at block, line string) command {
	quote := rune(0)
	before := ' '
	for i, r := range line {
		switch {
		case quote == r:
			quote = 0
		case quote != 0:
		case r == '\'' || r == '"':
			quote = r
		case r == '#' && before == ' ':
			at.text = strings.TrimSpace(line[:i])
			return command{block: at, comment: strings.TrimSpace(line[i+1:])}
		}
		before = r
	}
	at.text = strings.TrimSpace(line)
	return command{block: at}
}

// stale returns the exceptions that are none any more.
func stale(exceptions map[string]string, pages []*page) (problems []string) {
	for text := range exceptions {
		if !slices.ContainsFunc(pages, func(p *page) bool {
			return slices.ContainsFunc(commands(p), func(c command) bool { return c.text == text })
		}) {
			problems = append(problems, fmt.Sprintf("no document has the command %q: remove it from the list", text))
		}
	}
	return problems
}

var (
	programOfGo = regexp.MustCompile(`^(\w+=\S+ )*go (test|run) `)
	word        = regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`)
	tests       = regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz|Example)\w*)\(`)
)

// names returns which packages, tests and scripts that the command names are not there.
func (c command) names() (problems []string) {
	words := word.FindAllString(c.text, -1)
	for i := range words {
		words[i] = strings.Trim(words[i], `'"`)
	}
	if script := slices.Index(words, "bash"); script == 0 {
		if _, err := os.Stat(filepath.Join(root, words[1])); err != nil {
			return []string{c.problem("%v", err)}
		}
	}
	if !programOfGo.MatchString(c.text) {
		return nil
	}
	var source strings.Builder // of the tests in all packages that are named
	for _, w := range words {
		if w != "." && !strings.HasPrefix(w, "./") {
			continue
		}
		files, _ := filepath.Glob(filepath.Join(root, w, "*.go"))
		program := false
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return []string{c.problem("%v", err)}
			}
			program = program || strings.Contains("\n"+string(text), "\npackage main\n")
			if strings.HasSuffix(file, "_test.go") {
				source.Write(text)
			}
		}
		if len(files) == 0 || strings.Contains(c.text, "go run ") && !program {
			problems = append(problems, c.problem("%s: there is nothing to run in %s", c.text, w))
		}
	}
	for i, w := range words[:len(words)-1] {
		pattern, _, _ := strings.Cut(words[i+1], "/")
		if w != "-run" && w != "-bench" || pattern == "^$" || len(problems) > 0 {
			continue
		}
		wanted, err := regexp.Compile(pattern)
		if err != nil {
			return []string{c.problem("%v", err)}
		}
		if !slices.ContainsFunc(tests.FindAllStringSubmatch(source.String(), -1), func(test []string) bool {
			return wanted.MatchString(test[1])
		}) {
			problems = append(problems, c.problem("%s: there is no test %s", c.text, words[i+1]))
		}
	}
	return problems
}

// need skips a test for which a program is missing, and names the command that installs
// it. Where everything has to be tested, which STRATA_CI=1 says, the test fails instead.
func need(t *testing.T, program, install string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if os.Getenv("STRATA_CI") == "1" {
		t.Fatalf("%s is missing: %s", program, install)
	}
	t.Skipf("%s is missing: %s", program, install)
}
