package docs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// root is the root of the repository.
const root = ".."

// page is a document.
type page struct {
	path    string // from the root of the repository, with slashes
	blocks  []block
	links   []link
	spans   []block         // code within a line
	anchors map[string]bool // of its headings
}

// block is a block of code.
type block struct {
	page     string
	line     int // of its first line
	language string
	text     string
}

func (b block) problem(format string, args ...any) string {
	return fmt.Sprintf("%s:%d: %s", b.page, b.line, fmt.Sprintf(format, args...))
}

// link is a link, or an image, whose target is shown in the page.
type link struct {
	line   int // of the paragraph that it stands in
	target string
}

// pages returns all documents.
func pages(t *testing.T) []*page {
	t.Helper()
	var all []*page
	for _, pattern := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md", "examples/*/README.md"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: no such document, %v", pattern, err)
		}
		for _, path := range paths {
			source, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, read(strings.TrimPrefix(filepath.ToSlash(path), root+"/"), source))
		}
	}
	return all
}

// pageNamed returns the document at that path.
func pageNamed(t *testing.T, path string) *page {
	t.Helper()
	all := pages(t)
	i := slices.IndexFunc(all, func(p *page) bool { return p.path == path })
	if i < 0 {
		t.Fatalf("%s: no such document", path)
	}
	return all[i]
}

var inHTML = regexp.MustCompile(`(?:src|href)="([^"]*)"`)

// read finds what a document consists of.
func read(path string, source []byte) *page {
	p := &page{path: path, anchors: make(map[string]bool)}
	markdown := goldmark.New(goldmark.WithExtensions(extension.GFM))
	line := 1 // of the paragraph, heading or block that was entered last
	content := func(node ast.Node) string { return string(node.Lines().Value(source)) }
	_ = ast.Walk(markdown.Parser().Parse(text.NewReader(source)), func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		if node.Type() == ast.TypeBlock && node.Lines() != nil && node.Lines().Len() > 0 {
			line = 1 + bytes.Count(source[:node.Lines().At(0).Start], []byte("\n"))
		}
		switch node := node.(type) {
		case *ast.FencedCodeBlock:
			p.blocks = append(p.blocks, block{path, line, string(node.Language(source)), content(node)})
		case *ast.CodeBlock:
			p.blocks = append(p.blocks, block{path, line, "", content(node)})
		case *ast.Heading:
			p.anchor(plain(node, source))
		case *ast.CodeSpan:
			p.spans = append(p.spans, block{path, line, "sh", plain(node, source)})
		case *ast.Link:
			p.links = append(p.links, link{line, string(node.Destination)})
		case *ast.Image:
			p.links = append(p.links, link{line, string(node.Destination)})
		case *ast.AutoLink:
			p.links = append(p.links, link{line, string(node.URL(source))})
		case *ast.HTMLBlock:
			p.html(line, content(node))
		case *ast.RawHTML:
			p.html(line, string(node.Segments.Value(source)))
		}
		return ast.WalkContinue, nil
	})
	return p
}

// anchor adds the anchor that GitHub makes of a heading: in lower case, without what is
// no letter, digit, hyphen or underscore, with hyphens for spaces, and numbered from the second on.
func (p *page) anchor(heading string) {
	name := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, heading)
	unique := name
	for i := 1; p.anchors[unique]; i++ {
		unique = fmt.Sprintf("%s-%d", name, i)
	}
	p.anchors[unique] = true
}

func (p *page) html(line int, text string) {
	for _, match := range inHTML.FindAllStringSubmatch(text, -1) {
		p.links = append(p.links, link{line, match[1]})
	}
}

// plain returns the text of a node without its markup; what was broken into lines is one.
func plain(node ast.Node, source []byte) string {
	var all strings.Builder
	_ = ast.Walk(node, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if text, ok := node.(*ast.Text); ok && entering {
			all.Write(text.Segment.Value(source))
			if text.SoftLineBreak() {
				all.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return strings.ReplaceAll(all.String(), "\n", " ")
}

// source returns the text of a page.
func source(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// report fails the test with each of the problems.
func report(t *testing.T, problems []string) {
	t.Helper()
	for _, p := range problems {
		t.Error(p)
	}
}

// wantProblem fails unless there is a single problem, and it says all of that.
func wantProblem(t *testing.T, problems []string, says ...string) {
	t.Helper()
	if len(problems) != 1 {
		t.Errorf("problems: %q, want one that says %q", problems, says)
		return
	}
	for _, s := range says {
		if !strings.Contains(problems[0], s) {
			t.Errorf("problem: %q, want it to say %q", problems[0], s)
		}
	}
}
