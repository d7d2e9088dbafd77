package docs

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// snippet is a Go block as a package.
type snippet struct {
	block
	files   []*ast.File // the block, and what the page's setup adds to it
	lenient bool        // statements may declare what is used only where they would stand
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
