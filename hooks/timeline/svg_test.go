package timeline_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/hooks/timeline"
)

// box is where something is drawn.
type box struct {
	what                     string
	left, top, right, bottom float64
}

func (b box) overlaps(other box) bool {
	return b.left < other.right && other.left < b.right && b.top < other.bottom && other.top < b.bottom
}

// drawing is what was read of an SVG.
type drawing struct {
	image       box
	texts, bars []box
	titles      []string
	styles      string
}

// glyphs returns how wide a text is at least in a font of that size: other scripts are wider.
func glyphs(s string, size float64) float64 {
	width := 0.0
	for _, r := range s {
		width += 0.605
		if r > 0x3000 {
			width += 0.4
		}
	}
	return width * size
}

// read reads an SVG, and fails if that is not well-formed.
func read(data []byte) (*drawing, error) {
	d := new(drawing)
	decoder := xml.NewDecoder(bytes.NewReader(data))
	var open []xml.StartElement
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return d, nil
		}
		if err != nil {
			return nil, err
		}
		switch e := token.(type) {
		case xml.StartElement:
			open = append(open, e.Copy())
			number := func(name string) float64 {
				for _, a := range e.Attr {
					if a.Name.Local == name {
						n, err := strconv.ParseFloat(a.Value, 64)
						if err != nil {
							return -1e9
						}
						return n
					}
				}
				return 0
			}
			b := box{left: number("x"), top: number("y"), right: number("x") + number("width"), bottom: number("y") + number("height")}
			switch {
			case e.Name.Local == "svg":
				d.image = b
			case e.Name.Local == "rect" && number("height") == 10:
				d.bars = append(d.bars, b)
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) == 0 {
				continue
			}
			in := open[len(open)-1]
			switch in.Name.Local {
			case "title":
				d.titles = append(d.titles, string(e))
			case "style":
				d.styles += string(e)
			case "text":
				d.texts = append(d.texts, textBox(in, string(e)))
			}
		}
	}
}

func textBox(e xml.StartElement, s string) box {
	size := 11.0
	b := box{what: s}
	for _, a := range e.Attr {
		n, _ := strconv.ParseFloat(a.Value, 64)
		switch a.Name.Local {
		case "x":
			b.left = n
		case "y":
			b.bottom = n
		case "font-size":
			size = n
		}
	}
	b.right = b.left + glyphs(s, size)
	b.top, b.bottom = b.bottom-0.8*size, b.bottom+0.2*size
	return b
}

func svg(t failer, line *timeline.Timeline) ([]byte, *drawing) {
	var b bytes.Buffer
	if err := line.WriteSVG(&b); err != nil {
		t.Fatalf("%v", err)
	}
	d, err := read(b.Bytes())
	if err != nil {
		t.Fatalf("not well-formed: %v\n%s", err, b.Bytes())
	}
	return b.Bytes(), d
}

// checkDrawing checks that all can be read.
func checkDrawing(t failer, d *drawing) {
	for i, b := range d.texts {
		if b.left < d.image.left || b.top < d.image.top || b.right > d.image.right || b.bottom > d.image.bottom {
			t.Errorf("%q is cut off: %v in %v", b.what, b, d.image)
		}
		for _, other := range d.texts[i+1:] {
			if b.overlaps(other) {
				t.Errorf("%q overlaps %q: %v %v", b.what, other.what, b, other)
			}
		}
		for _, bar := range d.bars {
			if b.overlaps(bar) {
				t.Errorf("%q overlaps a bar: %v %v", b.what, b, bar)
			}
		}
	}
	for _, b := range d.bars {
		if b.left < d.image.left || b.right > d.image.right {
			t.Errorf("a bar is cut off: %v in %v", b, d.image)
		}
	}
}

// layered is a service of n modules, in some layers, that take as long as real ones.
func layered(n int, schedule container.Schedule) service {
	random := rand.New(rand.NewPCG(uint64(n), 1))
	s := service{schedule: schedule}
	width := n/7 + 1
	for i := range n {
		m := module{name: fmt.Sprintf("*%s.%s%d", []string{"store", "queue", "httpapi", "notifications"}[random.IntN(4)], []string{"Pool", "Consumer", "Server", "ReconciliationDispatcher"}[random.IntN(4)], i), hook: -1}
		for range random.IntN(4) {
			if below := i/width*width - width; below >= 0 {
				m.needs = append(m.needs, s.modules[below+random.IntN(width)].name)
			}
		}
		took := func(most int) time.Duration {
			return time.Duration(random.ExpFloat64() * float64(most) * float64(time.Millisecond))
		}
		m.construct, m.start, m.stop = took(2), took(120), took(30)
		s.modules = append(s.modules, m)
	}
	return s
}

// pictures are timelines that were looked at.
func pictures(t *testing.T) map[string]*timeline.Timeline {
	all := make(map[string]*timeline.Timeline)
	add := func(name string, s service) {
		line, _, err := s.started(t)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = line
	}
	add("5", layered(5, container.ByLayer))
	add("51", loki(t, container.ByLayer, 1))
	add("51 by dependency", loki(t, container.ByDependency, 1))
	add("200", layered(200, container.ByLayer))
	add("200 by dependency", layered(200, container.ByDependency))
	for name, l := range lives {
		all[name] = l.observed(t)
	}
	all["nothing"] = timeline.New().Timeline()
	return all
}

func TestNothingOverlapsInThePlot(t *testing.T) {
	for name, line := range pictures(t) {
		t.Run(name, func(t *testing.T) {
			data, d := svg(t, line)
			checkDrawing(t, d)
			if len(d.titles) < 1+len(line.Units) {
				t.Errorf("it has %d titles for %d units", len(d.titles), len(line.Units))
			}
			for _, text := range []string{`role="img"`, `aria-labelledby="st-title st-desc"`, "<desc id=\"st-desc\">", "prefers-color-scheme: dark"} {
				if !bytes.Contains(data, []byte(text)) {
					t.Errorf("it has no %s", text)
				}
			}
			if folder := os.Getenv("STRATA_PICTURES"); folder != "" {
				if err := os.WriteFile(filepath.Join(folder, strings.ReplaceAll(name, " ", "-")+".svg"), data, 0o644); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// drawLine draws a timeline that no application had, with names of all kinds and times in
// any order.
func drawLine(t *rapid.T) *timeline.Timeline {
	at := func() time.Time {
		if rapid.IntRange(0, 3).Draw(t, "never") == 0 {
			return time.Time{}
		}
		return time.Date(2026, 3, 1, 12, 0, 0, rapid.IntRange(0, 1e9).Draw(t, "at"), time.UTC)
	}
	text := rapid.String()
	line := &timeline.Timeline{
		Began: at(), Built: at(), Starting: at(), Ready: at(), Stopping: at(), Draining: at(), Ended: at(), Taken: at(),
		State: timeline.State(text.Draw(t, "state")), Why: text.Draw(t, "why"), Err: text.Draw(t, "err"),
		Schedule: hooks.Schedule(rapid.IntRange(0, 1).Draw(t, "schedule")), Dropped: rapid.IntRange(0, 2).Draw(t, "dropped"),
	}
	for range rapid.IntRange(0, 5).Draw(t, "constructors") {
		line.Constructors = append(line.Constructors, timeline.Constructor{
			Name: text.Draw(t, "constructor"), Location: text.Draw(t, "location"), Began: at(), Ended: at(), Err: text.Draw(t, "err"),
		})
	}
	names := rapid.SliceOfN(rapid.OneOf(text, rapid.StringOfN(rapid.Rune(), 40, 80, -1)), 0, 6).Draw(t, "names")
	states := []timeline.State{timeline.StateWaiting, timeline.StateStarting, timeline.StateRunning, timeline.StateStopping, timeline.StateStopped, timeline.StateFailed, timeline.StateStuck}
	for _, name := range names {
		u := timeline.Unit{
			Name: name, Layer: rapid.IntRange(-1, 2).Draw(t, "layer"), DependsOn: rapid.SliceOfN(rapid.SampledFrom(names), 0, 2).Draw(t, "needs"),
			State:    rapid.SampledFrom(states).Draw(t, "state"),
			Starting: at(), Ready: at(), Failed: at(), Stopping: at(), Ended: at(), Err: text.Draw(t, "err"), Forced: rapid.Bool().Draw(t, "forced"),
		}
		if len(line.Constructors) > 0 {
			c := rapid.SampledFrom(line.Constructors).Draw(t, "made by")
			u.Constructor = c.Name + " (" + c.Location + ")"
		}
		for range rapid.IntRange(0, 2).Draw(t, "reports") {
			u.Reports = append(u.Reports, timeline.Report{At: at(), Text: text.Draw(t, "report")})
		}
		line.Units = append(line.Units, u)
	}
	return line
}

// Also of what was loaded from a file that somebody has changed.
func TestEveryAnswerCanBeGivenOfAnything(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		line := drawLine(rt)
		_, d := svg(rt, line)
		for _, b := range d.bars {
			if b.left < d.image.left || b.right > d.image.right+1 {
				rt.Errorf("a bar is cut off: %v in %v", b, d.image)
			}
		}
		line.Blame()
		line.CriticalChain()
		timeline.Compare(line, line)
		for _, u := range line.Units {
			line.Slack(u.Name)
			line.WhatIf(u.Name, time.Second)
		}
		if text := line.String(); !strings.HasSuffix(text, "\n") {
			rt.Errorf("text is %q", text)
		}
		var trace bytes.Buffer
		if err := line.WriteTrace(&trace); err != nil || !json.Valid(trace.Bytes()) {
			rt.Errorf("trace: %v\n%s", err, trace.Bytes())
		}
	})
}

func TestLongAndForeignNamesFit(t *testing.T) {
	s := service{}
	for i, name := range []string{
		strings.Repeat("a.very.long.package.name/", 10), "サーバー・ネットワーク・コントローラー・マネージャー・サービス・インスタンス", "<script>alert('&')</script>\n\x00\xff", "", "Ünïcödé ☃",
	} {
		s.modules = append(s.modules, module{name: name, hook: -1, start: time.Duration(i+1) * time.Second})
	}
	line, _, err := s.started(t)
	if err != nil {
		t.Skip(err)
	}
	data, d := svg(t, line)
	checkDrawing(t, d)
	if bytes.Contains(data, []byte("<script")) {
		t.Error("a name is a script")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errRefused }

func TestWhatTheWriterSaysIsReturned(t *testing.T) {
	line := timeline.New().Timeline()
	if err := line.WriteSVG(full{}); !errors.Is(err, errRefused) {
		t.Errorf("WriteSVG: %v", err)
	}
	if err := line.WriteTrace(full{}); !errors.Is(err, errRefused) {
		t.Errorf("WriteTrace: %v", err)
	}
}
