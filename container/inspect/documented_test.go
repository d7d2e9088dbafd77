package inspect_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// documentedFields are the paths of the fields that the package says there are.
func documentedFields(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "//\tinstance*")
	list, _, found := strings.Cut("//\tinstance*"+list, "//\n")
	if !found {
		t.Fatal("doc.go lists no fields")
	}
	fields := make(map[string]bool)
	parent := ""
	for line := range strings.Lines(list) {
		field := regexp.MustCompile(`^//\t(  )?([a-z_]+)\*?\s`).FindStringSubmatch(line)
		if field == nil {
			continue
		}
		if field[1] == "" {
			parent = ""
		}
		path := parent + "." + field[2]
		fields[path] = true
		if field[1] == "" {
			parent = path
		}
	}
	// These have fields of their own, named in the text.
	for of, names := range map[string]string{
		".app.pending": "name seconds holds", ".app.stuck": "name phase seconds stack",
		".units.depends_on": "name why", ".units.reports": "at text",
	} {
		for _, name := range strings.Fields(names) {
			fields[of+"."+name] = true
		}
	}
	return fields
}
