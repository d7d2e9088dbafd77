package docs

import (
	"bytes"
	"fmt"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func TestGoBlocksCompile(t *testing.T) {
	t.Parallel()
	var blocks []block
	for _, p := range pages(t) {
		blocks = append(blocks, p.blocks...)
	}
	report(t, compile(t, blocks))
}

func TestGoBlockThatIsRottenIsFound(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, says string }{
		{"syntax", "func {\n", "2: expected"},
		{"method", "app := container.New()\napp.Start()\n", "3: app.Start undefined"},
		{"package", "container.Frobnicate()\n", "2: undefined: container.Frobnicate"},
		{"name", "var x = NewThing()\n", "2: undefined: NewThing"},
		{"declaration", "type Worker struct{ missing.Base }\n", "2: undefined: missing"},
		{"interface", "Run(ctx context.Contex) error\n", "2: undefined: context.Contex"},
		{"file", "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Printn() }\n", "6: undefined: fmt.Printn"},
		{"unused", "package main\n\nfunc main() { x := 1 }\n", "4: declared and not used: x"},
		{"import", "package main\n\nimport \"github.com/strata-go/strata/gone\"\n\nfunc main() { gone.Do() }\n", "strata/gone"},
	}
	var blocks []block
	for _, test := range tests {
		blocks = append(blocks, read(test.name+".md", []byte("```go\n"+test.text+"```\n")).blocks...)
	}

	problems := compile(t, blocks)

	for _, test := range tests {
		own := slices.DeleteFunc(slices.Clone(problems), func(p string) bool { return !strings.HasPrefix(p, test.name+".md:") })
		wantProblem(t, own, test.says)
	}
}

func TestGoBlockThatIsRightCompiles(t *testing.T) {
	t.Parallel()
	var blocks []block
	for _, text := range []string{
		"app := container.New()\napp.Provide(http.NewServeMux)\n",
		"if err := container.New().Err(); err != nil {\n\treturn err\n}\n",
		"type Worker struct{ process.Runner }\n\nfunc (w *Worker) Drain() {}\n",
		"Run(ctx context.Context, callback func(context.Context) error) error\n",
		"container.New(container.Provide(NewConfig, NewDatabase))\n",          // of the setup
		"func NewConfig() int { return 1 }\n\nvar config int = NewConfig()\n", // not of the setup
		"package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println() }\n",
	} {
		blocks = append(blocks, read("README.md", []byte("```go\n"+text+"```\n")).blocks...)
	}
	report(t, compile(t, blocks))
}

// compile type-checks the Go blocks, each as a package of its own.
func compile(t *testing.T, blocks []block) (problems []string) {
	t.Helper()
	fset := token.NewFileSet()
	names := packageNames(t)
	var snippets []*snippet
	paths := make(map[string]bool)
	for _, b := range blocks {
		if b.language != "go" {
			continue
		}
		s, err := wrap(fset, b, names)
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		snippets = append(snippets, s)
		for _, f := range s.files {
			for _, i := range f.Imports {
				path, _ := strconv.Unquote(i.Path.Value)
				paths[path] = true
			}
		}
	}
	imports := importer.ForCompiler(fset, "gc", exported(t, slices.Sorted(maps.Keys(paths))))
	for _, s := range snippets {
		problems = append(problems, s.check(fset, imports)...)
	}
	return problems
}

// check returns the first error of the types in a snippet.
func (s *snippet) check(fset *token.FileSet, imports types.Importer) []string {
	var first error
	config := types.Config{Importer: imports, Error: func(err error) {
		unused := strings.Contains(err.Error(), "declared and not used")
		if first == nil && (!unused || !s.lenient) {
			first = err
		}
	}}
	_, _ = config.Check("snippet", fset, s.files, nil) // the error is the first one
	if first == nil {
		return nil
	}
	return []string{first.Error()}
}

// packageNames returns the packages that a block may name without importing them. Of two
// of one name it is the one with the shorter path.
func packageNames(t *testing.T) map[string]string {
	t.Helper()
	names, err := packageNamesOnce()
	if err != nil {
		t.Fatal(err)
	}
	return names
}

var packageNamesOnce = sync.OnceValues(func() (map[string]string, error) {
	patterns := []string{"std", "github.com/strata-go/strata/..."}
	file, err := parser.ParseFile(token.NewFileSet(), "imports_test.go", nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	for _, i := range file.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		patterns = append(patterns, path)
	}
	lines, err := goList(append([]string{"-f", "{{.Name}} {{.ImportPath}}"}, patterns...))
	if err != nil {
		return nil, err
	}
	names := make(map[string]string)
	for _, l := range lines {
		name, path, _ := strings.Cut(l, " ")
		internal := strings.Contains("/"+path+"/", "/internal/") || strings.HasPrefix(path, "vendor/")
		if old := names[name]; !internal && name != "main" && (old == "" || len(path) < len(old)) {
			names[name] = path
		}
	}
	return names, nil
})

// exported returns how to read what the packages export, which it has compiled. A package that
// does not exist is told of when it is looked for.
func exported(t *testing.T, paths []string) func(string) (io.ReadCloser, error) {
	t.Helper()
	files := make(map[string]string)
	if len(paths) > 0 {
		lines, err := goList(append([]string{"-e", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}"}, paths...))
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			path, file, _ := strings.Cut(l, " ")
			files[path] = file
		}
	}
	return func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, fmt.Errorf("there is no package %s", path)
		}
		return os.Open(files[path])
	}
}

func goList(args []string) (lines []string, err error) {
	command := exec.Command("go", append([]string{"list"}, args...)...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.String())
	}
	return strings.Split(strings.TrimSpace(string(output)), "\n"), nil
}
