package docs

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
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

// snippet is a Go block as a package.
type snippet struct {
	block
	files   []*ast.File // the block, and what the page's setup adds to it
	lenient bool        // statements may declare what is used only where they would stand
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

// wrap makes a package of a block.
func wrap(fset *token.FileSet, b block, names map[string]string) (*snippet, error) {
	line := fmt.Sprintf("\n//line %s:%d\n", b.page, b.line)
	if strings.HasPrefix(b.text, "package ") {
		file, err := parser.ParseFile(fset, "", line+b.text, parser.SkipObjectResolution)
		return &snippet{block: b, files: []*ast.File{file}}, err
	}

	var first error // the most lenient form has the most telling error
	for _, form := range []struct {
		before, after string
		lenient       bool
	}{
		{"func _() {", "\n}", true},
		{"func _() error {", "\npanic(0)}", true},
		{"", "", false},
		{"type _ interface {", "\n}", false},
	} {
		text := form.before + line + b.text + form.after
		file, err := resolve(fset, text, names, nil)
		if err == nil && form.lenient && returns(file) != strings.Contains(form.before, "error") {
			continue
		}
		if err != nil {
			if first == nil {
				first = err
			}
			continue
		}
		declared := declarations(file)
		setup, err := setupOf(fset, b.page, declared, names)
		if err != nil {
			return nil, err
		}
		s := &snippet{block: b, files: []*ast.File{file}, lenient: form.lenient}
		if setup != nil {
			s.files = append(s.files, setup)
			// What the setup declares is no package.
			if s.files[0], err = resolve(fset, text, names, declarations(setup)); err != nil {
				return nil, err
			}
		}
		return s, nil
	}
	return nil, first
}

// resolve parses declarations, and imports the packages whose names nobody declares.
func resolve(fset *token.FileSet, text string, names map[string]string, declared map[string]bool) (*ast.File, error) {
	free, err := parser.ParseFile(token.NewFileSet(), "", "package snippet;"+text, 0)
	if err != nil {
		return nil, err
	}
	unresolved := make(map[string]bool)
	for _, identifier := range free.Unresolved {
		unresolved[identifier.Name] = true
	}
	imports := make(map[string]bool)
	ast.Inspect(free, func(node ast.Node) bool {
		if s, ok := node.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && unresolved[x.Name] && !declared[x.Name] && names[x.Name] != "" {
				imports[names[x.Name]] = true
			}
		}
		return true
	})
	var header strings.Builder
	for _, path := range slices.Sorted(maps.Keys(imports)) {
		fmt.Fprintf(&header, "import %q;", path)
	}
	return parser.ParseFile(fset, "", "package snippet;"+header.String()+text, parser.SkipObjectResolution)
}

// returns tells whether a value is returned from the function around the statements.
func returns(file *ast.File) (value bool) {
	ast.Inspect(file, func(node ast.Node) bool {
		if _, nested := node.(*ast.FuncLit); nested {
			return false
		}
		if r, ok := node.(*ast.ReturnStmt); ok && len(r.Results) > 0 {
			value = true
		}
		return true
	})
	return value
}

// declarations returns the names that a file declares, methods as T.M.
func declarations(file *ast.File) map[string]bool {
	declared := make(map[string]bool)
	for _, d := range file.Decls {
		for _, name := range declares(d) {
			declared[name] = true
		}
	}
	return declared
}

func declares(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return []string{d.Name.Name}
		}
		receiver := d.Recv.List[0].Type
		if star, ok := receiver.(*ast.StarExpr); ok {
			receiver = star.X
		}
		return []string{types.ExprString(receiver) + "." + d.Name.Name}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					names = append(names, name.Name)
				}
			}
		}
	}
	return names
}

// setupOf returns what a page leaves out, but for what is declared already. It is nil if there is nothing.
func setupOf(fset *token.FileSet, page string, declared map[string]bool, names map[string]string) (*ast.File, error) {
	name := strings.TrimSuffix(strings.TrimSuffix(page, ".md"), "/README")
	path := filepath.Join("testdata", "setup", strings.ReplaceAll(strings.TrimPrefix(name, "docs/"), "/", "_")+".go")
	source, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	own := token.NewFileSet()
	file, err := parser.ParseFile(own, path, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	file.Decls = slices.DeleteFunc(file.Decls, func(d ast.Decl) bool {
		return slices.ContainsFunc(declares(d), func(name string) bool {
			receiver, _, _ := strings.Cut(name, ".")
			return declared[name] || declared[receiver]
		})
	})
	var left bytes.Buffer
	for _, d := range file.Decls {
		if err := format.Node(&left, own, d); err != nil {
			return nil, err
		}
		left.WriteByte('\n')
	}
	return resolve(fset, "\n//line "+path+":1\n"+left.String(), names, nil)
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
