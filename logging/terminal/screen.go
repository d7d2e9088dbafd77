package terminal

import (
	"bytes"
	"slices"

	"github.com/charmbracelet/x/ansi"
)

// screen knows what of the terminal is the picture: the last lines before the cursor,
// which stands at the beginning of the line below them. It uses no more of a terminal
// than to go up and to erase to the right and below. The cursor is never hidden and no
// mode is set: so nothing has to be restored, however the program ends, and what
// somebody else writes begins on a line of its own.
type screen struct {
	size func() (width, height int)

	picture       []string // as it is drawn
	width, height int      // when it was measured last
	within        bool     // the cursor stands within a line that was written to the Log
}

// measure returns how much room there is. A terminal that does not know is taken to be
// of the usual size.
func (s *screen) measure() (width, height int) {
	width, height = s.size()
	if width <= 0 || height <= 0 {
		width, height = 80, 24
	}
	s.width, s.height = width, height
	return width, height
}

// change returns what has to be written so that the picture is the last on the
// terminal, after new lines of the story and what somebody else writes. A picture that
// is the same is not drawn again.
func (s *screen) change(lines, foreign []byte, picture []string) []byte {
	if len(lines)+len(foreign) == 0 && slices.Equal(picture, s.picture) {
		return nil
	}
	if len(lines)+len(picture)+len(s.picture) == 0 {
		s.within = foreign[len(foreign)-1] != '\n'
		return foreign
	}
	var b bytes.Buffer
	s.home(&b)
	if len(lines)+len(foreign) > 0 {
		b.WriteString(ansi.EraseScreenBelow)
	}
	b.Write(lines)
	b.Write(foreign)
	s.within = len(foreign) > 0 && foreign[len(foreign)-1] != '\n'
	if len(picture) > 0 && s.within {
		b.WriteString("\r\n")
		s.within = false
	}
	for _, line := range picture {
		b.WriteString(line + ansi.EraseLineRight + "\r\n")
	}
	b.WriteString(ansi.EraseScreenBelow)
	s.picture = picture
	return b.Bytes()
}

// home goes to where the picture begins. Where there is none it begins a line, on which
// the terminal may have shown a key that was pressed.
//
// The lines count as they were written: a terminal that has become narrower may have
// wrapped them, and then leaves of the old picture what is above; but to go further up
// where it has not would be to erase the lines before it.
func (s *screen) home(b *bytes.Buffer) {
	if s.within {
		b.WriteString("\r\n")
		s.within = false
		return
	}
	b.WriteByte('\r')
	// No higher than the terminal: what has left it above is out of reach.
	if rows := min(len(s.picture), s.height-1); rows > 0 {
		b.WriteString(ansi.CursorUp(rows))
	}
}
