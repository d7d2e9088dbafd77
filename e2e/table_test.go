package e2e

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// row is a row of the tables in docs/lifecycle.md.
type row struct {
	way      string
	outcomes map[string]string // by unit
	log      []logged
	exit     string
}

// logged is a line of the log: a message, and what keys of it say. The text of a key is a pattern; empty is any text.
type logged struct {
	message string
	keys    []string
	texts   map[string]string
}

// columns are those of each table.
var columns = []string{"way", "how it ends", "server", "cache", "ticker", "database", "logged", "exit"}

// readTables reads the rows of all tables in a document that have these columns.
func readTables(t *testing.T, path string) map[string]row {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]row)
	inside := false
	for number, line := range strings.Split(string(text), "\n") {
		cells := cellsOf(line)
		switch {
		case slices.Equal(cells, columns):
			inside = true
		case cells == nil:
			inside = false
		case inside && !strings.HasPrefix(cells[0], "---"):
			r, err := parseRow(cells)
			if _, twice := rows[r.way]; twice && err == nil {
				err = fmt.Errorf("there is a row %s already", r.way)
			}
			if err != nil {
				t.Fatalf("%s:%d: %v", path, number+1, err)
			}
			rows[r.way] = r
		}
	}
	return rows
}

// cellsOf returns the cells of a line of a table, nil if it is none.
func cellsOf(line string) []string {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "|") || !strings.HasSuffix(line, "|") {
		return nil
	}
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

func parseRow(cells []string) (row, error) {
	if len(cells) != len(columns) {
		return row{}, fmt.Errorf("%d cells, want %d", len(cells), len(columns))
	}
	r := row{way: cells[0], outcomes: make(map[string]string), exit: cells[len(cells)-1]}
	for i := 2; i < 6; i++ {
		r.outcomes[columns[i]] = cells[i]
	}
	for item := range strings.SplitSeq(cells[6], "; `") {
		l, err := parseLogged("`" + strings.TrimPrefix(item, "`"))
		if err != nil {
			return row{}, fmt.Errorf("%s: %w", r.way, err)
		}
		r.log = append(r.log, l)
	}
	return r, nil
}

var (
	loggedSyntax = regexp.MustCompile("^`([a-z ]+)`(?: \\((.*)\\))?$")
	keySyntax    = regexp.MustCompile("^([a-z]+)(?:: (.*))?$")
)

// parseLogged parses "`message` (key, key: text)". A comma in a text is one if what follows does not look like a key.
func parseLogged(item string) (logged, error) {
	found := loggedSyntax.FindStringSubmatch(item)
	if found == nil {
		return logged{}, fmt.Errorf("%q is no line of a log", item)
	}
	l := logged{message: found[1], texts: make(map[string]string)}
	if found[2] == "" {
		return l, nil
	}
	for part := range strings.SplitSeq(found[2], ", ") {
		if pair := keySyntax.FindStringSubmatch(part); pair != nil {
			l.keys = append(l.keys, pair[1])
			l.texts[pair[1]] = pair[2]
		} else if len(l.keys) > 0 {
			l.texts[l.keys[len(l.keys)-1]] += ", " + part
		} else {
			return logged{}, fmt.Errorf("%q is no key", part)
		}
	}
	return l, nil
}

// describes reports whether the line is as the row says.
func (l logged) describes(line line) error {
	if line["msg"] != l.message {
		return fmt.Errorf("%q is logged, want %q", line["msg"], l.message)
	}
	for _, key := range l.keys {
		value, ok := line[key]
		if !ok {
			return fmt.Errorf("%q has no key %s: %v", l.message, key, line)
		}
		if text := fmt.Sprint(value); !matches(text, l.texts[key]) {
			return fmt.Errorf("%q has %s: %s, want %s", l.message, key, text, l.texts[key])
		}
	}
	return nil
}

// matches reports whether text is the pattern, in which an ellipsis stands for anything, and a space for a line break, too.
func matches(text, pattern string) bool {
	if pattern == "" {
		return true
	}
	parts := strings.Split(pattern, "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(strings.TrimSpace(parts[i]))
	}
	oneLine := strings.Join(strings.Fields(text), " ")
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(oneLine)
}
