package docs

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

func TestLinksLeadSomewhere(t *testing.T) {
	for _, p := range pages(t) {
		report(t, followLinks(p))
	}
}

func TestLinkThatIsRottenIsFound(t *testing.T) {
	for _, test := range []struct{ name, text, says string }{
		{"file", "[a](missing.md)", "missing.md"},
		{"folder", "[a](../nothing/)", "nothing"},
		{"image", "![a](missing.svg)", "missing.svg"},
		{"HTML", `<img src="missing.svg">`, "missing.svg"},
		{"reference", "[a][b]\n\n[b]: missing.md", "missing.md"},
		{"anchor", "# One\n\n[a](#two)", "#two"},
		{"anchor of another page", "[a](dig.md#no-such-heading)", "#no-such-heading"},
		{"anchor of a program", "[a](doc.go#L1)", "doc.go#L1"},
		{"outside", "[a](../../outside)", "leaves the repository"},
		{"absolute", "[a](/docs/dig.md)", "/docs/dig.md"},
		{"URL", "[a](https:/example.com)", "https:/example.com"},
		{"scheme", "[a](htps://example.com)", "htps://example.com"},
	} {
		t.Run(test.name, func(t *testing.T) {
			wantProblem(t, followLinks(read("docs/rotten.md", []byte("Text\n\n"+test.text+"\n"))), "docs/rotten.md:", test.says)
		})
	}
}

func TestLinkThatIsRightIsLeft(t *testing.T) {
	text := "# The `Run`, it's _new_: A–Z & more\n# One\n# One\n\n" +
		"[a](#the-run-its-new-az--more) [a](#one-1) [a](dig.md) [a](dig.md#what-differs-from-dig) [a](../examples) <https://example.com/a?b#c> [a](mailto:a@example.com)\n"
	report(t, followLinks(read("docs/right.md", []byte(text))))
}

// followLinks returns what is wrong with the links of a page.
func followLinks(p *page) (problems []string) {
	for _, l := range p.links {
		if err := follow(p, l.target); err != nil {
			problems = append(problems, fmt.Sprintf("%s:%d: link %s: %v", p.path, l.line, l.target, err))
		}
	}
	return problems
}

func follow(from *page, target string) error {
	u, err := url.Parse(target)
	if err != nil {
		return err
	}
	switch u.Scheme {
	case "mailto":
		return nil
	case "http", "https":
		if !strings.Contains(u.Host, ".") {
			return fmt.Errorf("host %q", u.Host)
		}
		return nil
	case "":
	default:
		return fmt.Errorf("scheme %q", u.Scheme)
	}
	if u.Host != "" || path.IsAbs(u.Path) {
		return fmt.Errorf("want it relative to the page")
	}

	to := from
	if u.Path != "" {
		file := path.Join(path.Dir(from.path), u.Path)
		if !filepath.IsLocal(file) {
			return fmt.Errorf("it leaves the repository")
		}
		if _, err := os.Stat(filepath.Join(root, file)); err != nil {
			return err
		}
		if u.Fragment == "" {
			return nil
		}
		if path.Ext(file) != ".md" {
			return fmt.Errorf("only pages have anchors that stay")
		}
		source, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			return err
		}
		to = read(file, source)
	}
	if u.Fragment != "" && !to.anchors[u.Fragment] {
		return fmt.Errorf("no heading of %s has the anchor #%s", to.path, u.Fragment)
	}
	return nil
}
