package hooks

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shown is how a name is written: as it is, but for what cannot be printed, which is written as in a Go string. So it
// stands on one line, and the empty name is seen.
func shown(name string) string {
	if name == "" {
		return `""`
	}
	printable := func(r rune) bool { return unicode.IsPrint(r) && r != utf8.RuneError }
	if strings.IndexFunc(name, func(r rune) bool { return !printable(r) }) < 0 {
		return name
	}
	var b strings.Builder
	for i, r := range name {
		if printable(r) {
			b.WriteRune(r)
			continue
		}
		_, size := utf8.DecodeRuneInString(name[i:])
		quoted := strconv.Quote(name[i : i+size])
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// columns is how wide s is on a terminal.
func columns(s string) int {
	width := 0
	for _, r := range s {
		switch {
		case r < 0x300:
			width++
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
			// It is drawn on the character before.
		case isWide(r):
			width += 2
		default:
			width++
		}
	}
	return width
}

// isWide reports whether a terminal gives a character two columns: those of East Asian scripts, and emoji. The ranges are the
// blocks of Unicode's EastAsianWidth.txt that are wide as a whole.
func isWide(r rune) bool {
	switch {
	case r < 0x1100:
		return false
	case r <= 0x115f, // Hangul Jamo
		r >= 0x2e80 && r <= 0xa4cf && r != 0x303f, // CJK, Kana, Yi
		r >= 0xa960 && r <= 0xa97c,                // more of Hangul
		r >= 0xac00 && r <= 0xd7a3,
		r >= 0xf900 && r <= 0xfaff, // CJK compatibility
		r >= 0xfe30 && r <= 0xfe6f,
		r >= 0xff01 && r <= 0xff60, // full width
		r >= 0xffe0 && r <= 0xffe6,
		r >= 0x1f300 && r <= 0x1f64f, // emoji
		r >= 0x1f680 && r <= 0x1f6ff,
		r >= 0x1f900 && r <= 0x1f9ff,
		r >= 0x20000 && r <= 0x3fffd: // more of CJK
		return true
	}
	return false
}
