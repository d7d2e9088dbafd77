package fxapp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// document is docs/fx.md.
var document = func() string {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "fx.md"))
	if err != nil {
		panic(err)
	}
	return string(text)
}()

// blocks returns the fenced blocks of the document in a language.
func blocks(language string) []string {
	var found []string
	for _, match := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(document, -1) {
		found = append(found, match[1])
	}
	return found
}

// movedApp is the block that is in no file: newApp after the mechanical half.
func movedApp() (string, error) {
	for _, block := range blocks("golang") {
		if strings.Contains(block, "scope.Invoke(") {
			return block, nil
		}
	}
	return "", errors.New("docs/fx.md does not show newApp with its Invokes")
}

// buildMoved follows docs/fx.md up to the point where it says that the service runs: the commands on the constructors of
// onfx, imports put right, and main.go written anew, which is that of onstrata with the newApp that is shown.
func buildMoved() error {
	folder, err := os.MkdirTemp(binaries, "moved-")
	if err != nil {
		return err
	}
	sources, err := filepath.Glob(filepath.Join(onFx, "*.go"))
	if err != nil {
		return err
	}
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			return err
		}
		if filepath.Base(source) != "main.go" {
			if err := os.WriteFile(filepath.Join(folder, filepath.Base(source)), text, 0o600); err != nil {
				return err
			}
		}
	}
	commands := exec.Command("sh", "-c", strings.Join(blocks("bash"), "\n"))
	commands.Dir = folder
	if out, err := commands.CombinedOutput(); err != nil {
		return fmt.Errorf("the commands of docs/fx.md: %w\n%s", err, out)
	}

	main, err := os.ReadFile(filepath.Join(onStrata, "main.go"))
	if err != nil {
		return err
	}
	app, err := movedApp()
	if err != nil {
		return err
	}
	text := regexp.MustCompile(`(?ms)^func newApp.*?^}\n`).ReplaceAllLiteralString(string(main), app)
	if err := os.WriteFile(filepath.Join(folder, "main.go"), []byte(text), 0o600); err != nil {
		return err
	}
	return buildOver(folder, moved)
}

// buildOver builds the files in a folder as if they were a package beside onfx, imports put right.
func buildOver(folder, name string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return err
	}
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	replace := map[string]string{}
	for _, file := range files {
		if err := organiseImports(file); err != nil {
			return err
		}
		replace[filepath.Join(here, name, filepath.Base(file))] = file
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	path := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(path, overlay, 0o600); err != nil {
		return err
	}
	return build(name, "-overlay", path)
}

// organiseImports puts those that the document names in the place of Fx's, where they are used.
func organiseImports(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	const fxImport = `"go.uber.org/fx"`
	var imports []string
	for _, line := range strings.Split(document, "\n") {
		path, found := strings.CutPrefix(line, `"`)
		path = strings.TrimSuffix(path, `"`)
		if found && strings.Contains(string(text), filepath.Base(path)+".") {
			imports = append(imports, fmt.Sprintf("%q", path))
		}
	}
	changed := strings.Replace(string(text), fxImport, strings.Join(imports, "\n"), 1)
	return os.WriteFile(file, []byte(changed), 0o600)
}

func squeeze(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestExcerptsAreTheCodeOfTheExample(t *testing.T) {
	var code []string
	for _, folder := range []string{onFx, onStrata} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			code = append(code, squeeze(string(text)))
		}
	}
	app, err := movedApp()
	if err != nil {
		t.Fatal(err)
	}
	if found := blocks("golang"); len(found) < 8 {
		t.Errorf("%d blocks of Go", len(found))
	}
	for _, block := range blocks("golang") {
		within := func(file string) bool { return strings.Contains(file, squeeze(block)) }
		if block != app && !slices.ContainsFunc(code, within) {
			t.Errorf("in no file:\n%s", block)
		}
	}
}

func TestLinesAreAsManyAsTheCommandCounts(t *testing.T) {
	command := regexp.MustCompile(`(?m)^(grep -c.*)$`).FindStringSubmatch(document)
	if command == nil {
		t.Fatal("there is no command")
	}
	count := exec.Command("sh", "-c", command[1])
	count.Dir = filepath.Join("..", "..")
	out, err := count.Output()
	if err != nil {
		t.Fatal(err)
	}
	if shown := blocks("text"); !slices.Contains(shown, string(out)) {
		t.Errorf("it prints\n%s\nand the document has %q", out, shown)
	}
}

// exported returns the names that a package exports, by what go list calls it, but for methods.
func exported(t *testing.T, path string) map[string]bool {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}`, path).Output()
	if err != nil {
		t.Fatalf("go list %s: %v", path, err)
	}
	names := map[string]bool{}
	add := func(name *ast.Ident) {
		if name.IsExported() {
			names[name.Name] = true
		}
	}
	for _, file := range strings.Fields(string(out)) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					add(d.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.TypeSpec:
						add(s.Name)
					case *ast.ValueSpec:
						for _, name := range s.Names {
							add(name)
						}
					}
				}
			}
		}
	}
	return names
}

func TestEveryIdeaOfFxIsNamed(t *testing.T) {
	for _, path := range []string{"go.uber.org/fx", "go.uber.org/fx/fxtest"} {
		pkg := filepath.Base(path)
		for _, name := range slices.Sorted(maps.Keys(exported(t, path))) {
			if name == "New" && pkg == "fxtest" {
				name = "New(t"
			}
			if !regexp.MustCompile(`\b` + regexp.QuoteMeta(pkg+"."+name) + `\b`).MatchString(document) {
				t.Errorf("%s.%s is not in docs/fx.md", pkg, name)
			}
		}
	}
}

func TestCounterpartsExist(t *testing.T) {
	for _, path := range []string{
		"github.com/strata-go/strata/container",
		"github.com/strata-go/strata/container/containertest",
		"github.com/strata-go/strata/hooks",
		"github.com/strata-go/strata/process",
		"github.com/strata-go/strata/process/httpprocess",
		"go.uber.org/dig",
		"go.uber.org/fx",
	} {
		names, pkg := exported(t, path), filepath.Base(path)
		for _, match := range regexp.MustCompile(`\b`+pkg+`\.([A-Z]\w*)`).FindAllStringSubmatch(document, -1) {
			if !names[match[1]] {
				t.Errorf("there is no %s", match[0])
			}
		}
	}
}

// What the document calls a test is one.
func TestTestsExist(t *testing.T) {
	var code strings.Builder
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(text)
	}
	for _, name := range regexp.MustCompile(`\bTest[A-Z]\w*`).FindAllString(document, -1) {
		if !strings.Contains(code.String(), "func "+name+"(") {
			t.Errorf("there is no %s", name)
		}
	}
}
