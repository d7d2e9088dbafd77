package docs

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"sigs.k8s.io/yaml"
)

func TestBlocksOfDataParse(t *testing.T) {
	for _, p := range pages(t) {
		for _, b := range p.blocks {
			report(t, parse(b))
		}
	}
}

func TestBlockOfDataThatIsRottenIsFound(t *testing.T) {
	for _, test := range []struct{ language, text, says string }{
		{"yaml", "a: 1\n---\nb: [1\n", "yaml"},
		{"yaml", "a: 1\na: 2\n", `"a" already set`},
		{"json", `{"a": 1,}`, "json"},
		{"ini", "[Unit]\nDescription\n", "Description"},
		{"ini", "A=1\n", "section"},
		{"hcl", "task \"a\" {\n", "hcl"},
		{"dockerfile", "FROM scratch\nENTRYPONT [\"/a\"]\n", "ENTRYPONT"},
		{"dockerfile", "FROM scratch\nENTRYPOINT ['/a']\n", "exec form"},
		{"", "text\n", "language"},
		{"pearl", "text\n", "pearl"},
	} {
		t.Run(test.language, func(t *testing.T) {
			p := read("rotten.md", []byte("```"+test.language+"\n"+test.text+"```\n"))
			wantProblem(t, parse(p.blocks[0]), "rotten.md:2: ", test.says)
		})
	}
	t.Run("indented", func(t *testing.T) {
		wantProblem(t, parse(read("rotten.md", []byte("Text\n\n    code\n")).blocks[0]), "rotten.md:3: ", "language")
	})
}

// parse returns what is wrong with a block, by its language.
func parse(b block) []string {
	parser, ok := parsers[b.language]
	if b.language == "" {
		return []string{b.problem("it has no fence that names its language; one that is no language's is text")}
	}
	if !ok {
		return []string{b.problem("no test knows the language %q", b.language)}
	}
	if parser == nil {
		return nil
	}
	if err := parser(b.text); err != nil {
		return []string{b.problem("%s: %v", b.language, err)}
	}
	return nil
}

var parsers = map[string]func(string) error{
	"text":    nil,
	"mermaid": nil,
	"go":      nil, // by TestGoBlocksCompile
	"sh":      nil, // by TestCommandsWork
	"console": nil,
	"golang":  nil, // by a test of the example that it is an excerpt of
	"bash":    nil, // by a test of the example that runs it

	"yaml": func(text string) error {
		for _, document := range documents(text) {
			var any any
			if err := yaml.UnmarshalStrict([]byte(document), &any); err != nil {
				return err
			}
		}
		return nil
	},
	"json": func(text string) error {
		var any any
		return json.Unmarshal([]byte(text), &any)
	},
	"ini": ini,
	"hcl": func(text string) error {
		if _, diagnostics := hclsyntax.ParseConfig([]byte(text), "", hcl.InitialPos); diagnostics.HasErrors() {
			return diagnostics
		}
		return nil
	},
	"dockerfile": dockerfile,
}

// documents returns those that YAML separates by "---".
func documents(text string) []string {
	return regexp.MustCompile(`(?m)^---\n`).Split(text, -1)
}

// ini parses sections and settings, as unit files have them. That systemd knows the settings is
// checked by a test of hooks/systemd.
func ini(text string) error {
	section := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "", strings.HasPrefix(line, "#"), strings.HasPrefix(line, ";"):
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			section = true
		case !strings.Contains(line, "="):
			return fmt.Errorf("%q is no setting", line)
		case !section:
			return fmt.Errorf("%q stands in no section", line)
		}
	}
	return nil
}

var instruction = regexp.MustCompile(`^(ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|RUN|STOPSIGNAL|USER|WORKDIR) (.+)$`)

// dockerfile knows instructions of one line, and the exec form of ENTRYPOINT and CMD, which is JSON.
func dockerfile(text string) error {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := instruction.FindStringSubmatch(line)
		if parts == nil {
			return fmt.Errorf("%q is no instruction", line)
		}
		if parts[1] == "ENTRYPOINT" || parts[1] == "CMD" {
			if err := json.Unmarshal([]byte(parts[2]), new([]string)); err != nil {
				return fmt.Errorf("%q is not in the exec form: %v", line, err)
			}
		}
	}
	return nil
}
