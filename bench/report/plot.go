package main

import (
	"bytes"
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/strata-go/strata/bench/peers"
)

// plot is one picture of values of several names, in the order in which they are added.
type plot struct {
	title, x, y string
	series      []series
}

type series struct {
	name   string
	points plotter.XYs
}

// add adds a value, if there is one.
func (p *plot) add(name string, x, y float64) {
	if y <= 0 {
		return
	}
	i := slices.IndexFunc(p.series, func(s series) bool { return s.name == name })
	if i < 0 {
		i = len(p.series)
		p.series = append(p.series, series{name: name})
	}
	p.series[i].points = append(p.series[i].points, plotter.XY{X: x, Y: y})
}

// The colors are the light ones; svg has others where it is dark.
var (
	ink    = color.RGBA{0x24, 0x29, 0x2f, 0xff}
	grid   = color.RGBA{0xd8, 0xde, 0xe4, 0xff}
	ours   = color.RGBA{0x1f, 0x7a, 0xd6, 0xff}
	others = color.RGBA{0x8c, 0x95, 0x9f, 0xff}

	// colors are those of lines, the same in all plots, which are told apart from each
	// other and from both backgrounds.
	colors = map[string]color.Color{
		peers.Parallel.Name:        ours,
		peers.Sequential.Name:      color.RGBA{0x3f, 0xb3, 0xd8, 0xff},
		peers.AppByLayer.Name:      color.RGBA{0x63, 0x5b, 0xe0, 0xff},
		peers.AppByDependency.Name: color.RGBA{0xa3, 0x8b, 0xf0, 0xff},
		peers.AppRunning.Name:      color.RGBA{0xa3, 0x8b, 0xf0, 0xff},
		peers.Fx.Name:              color.RGBA{0xdb, 0x5a, 0x2b, 0xff},
		peers.Do.Name:              color.RGBA{0x0f, 0x9d, 0x75, 0xff},
		peers.Dskit.Name:           color.RGBA{0xd0, 0x8a, 0x0b, 0xff},
		peers.Suture.Name:          color.RGBA{0xd0, 0x62, 0xa4, 0xff},
		peers.OklogRun.Name:        others,
	}
)

const width, lineHeight = 720, 16 // points

// Text is laid out by a font that has the widths of Arial, which readers have.
func init() {
	gonum.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"}
	plotter.DefaultFont = gonum.DefaultFont
}

// newPlot returns a plot with its title and colors.
func (p *plot) newPlot() *gonum.Plot {
	g := gonum.New()
	g.Title.Text = p.title
	g.Title.TextStyle.Color = ink
	g.Title.TextStyle.Font.Size = 14
	g.Title.Padding = 10
	g.BackgroundColor = nil // svg draws it
	for _, axis := range []*gonum.Axis{&g.X, &g.Y} {
		axis.Color, axis.Label.TextStyle.Color, axis.Tick.Color, axis.Tick.Label.Color = ink, ink, ink, ink
		axis.Label.TextStyle.Font.Size, axis.Tick.Label.Font.Size = 12, 12
	}
	return g
}

// lines draws a line for each name over values of x, on two logarithmic scales, with the
// name where it ends.
func (p *plot) lines() ([]byte, error) {
	const height = 420
	g := p.newPlot()
	g.X.Label.Text, g.Y.Label.Text = p.x, p.y
	g.X.Scale, g.Y.Scale = gonum.LogScale{}, gonum.LogScale{}
	low, high, first, last := 1.0, 1.0, math.Inf(1), 0.0
	ticks := make(map[float64]bool)
	for _, s := range p.series {
		for _, at := range s.points {
			low, high = min(low, at.Y), max(high, at.Y)
			first, last = min(first, at.X), max(last, at.X)
			ticks[at.X] = true
		}
	}
	var x gonum.ConstantTicks
	for at := range ticks {
		x = append(x, gonum.Tick{Value: at, Label: thousands(int(at))})
	}
	g.X.Tick.Marker = x
	var y gonum.ConstantTicks
	for _, at := range []float64{0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500} {
		if at >= low/2 && at <= high*1.5 {
			y = append(y, gonum.Tick{Value: at, Label: fmt.Sprint(at)})
			low, high = min(low, at), max(high, at)
		}
	}
	g.Y.Tick.Marker = y
	g.Y.Min, g.Y.Max = low, high
	g.X.Min, g.X.Max = first, last*math.Pow(last/first, 0.35) // room for the names

	rules := plotter.NewGrid()
	rules.Horizontal.Color, rules.Vertical.Color = grid, nil
	g.Add(rules)
	var names plotter.XYLabels
	for _, s := range p.series {
		line, dots, err := plotter.NewLinePoints(s.points)
		if err != nil {
			return nil, err
		}
		line.Color, line.Width = colors[s.name], 1.5
		if strings.HasPrefix(s.name, "Strata") {
			line.Width = 3
		}
		dots.Color, dots.Shape, dots.Radius = line.Color, draw.CircleGlyph{}, 3
		g.Add(line, dots)
		names.XYs = append(names.XYs, s.points[len(s.points)-1])
		names.Labels = append(names.Labels, s.name)
	}
	labels, err := plotter.NewLabels(names)
	if err != nil {
		return nil, err
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i].Color = colors[labels.Labels[i]]
		labels.TextStyle[i].Font.Size = 12
		labels.TextStyle[i].YAlign = text.YCenter
	}
	labels.Offset.X = 8
	spread(labels, math.Log(high/low)/(height-100))
	g.Add(labels)
	return svg(g, height)
}

// spread moves labels at one x apart that would stand on each other, if a point is so much
// of the logarithm.
func spread(l *plotter.Labels, point float64) {
	order := make([]int, len(l.XYs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Compare(l.XYs[a].Y, l.XYs[b].Y)
	})
	free := make(map[float64]float64) // by x: the logarithm from which on there is room
	for _, i := range order {
		x, at := l.XYs[i].X, math.Log(l.XYs[i].Y)
		if from, taken := free[x]; taken {
			at = max(at, from)
		}
		l.XYs[i].Y, free[x] = math.Exp(at), at+lineHeight*point
	}
}

// bars draws a bar for each name, with its value.
func (p *plot) bars() ([]byte, error) {
	g := p.newPlot()
	g.HideAxes()
	n := len(p.series)
	var most float64
	for _, s := range p.series {
		most = max(most, s.points[0].Y)
	}
	g.X.Min, g.X.Max = -most*0.45, most*1.15
	g.Y.Min, g.Y.Max = -0.7, float64(n)-0.3
	var left, right plotter.XYLabels
	for i, s := range p.series {
		at, value := float64(n-1-i), s.points[0].Y
		bar, err := plotter.NewBarChart(plotter.Values{value}, vg.Length(lineHeight))
		if err != nil {
			return nil, err
		}
		bar.Horizontal, bar.XMin, bar.Color, bar.LineStyle.Width = true, at, others, 0
		if strings.HasPrefix(s.name, "Strata") {
			bar.Color = ours
		}
		g.Add(bar)
		left.XYs, left.Labels = append(left.XYs, plotter.XY{X: 0, Y: at}), append(left.Labels, s.name)
		right.XYs, right.Labels = append(right.XYs, plotter.XY{X: value, Y: at}), append(right.Labels, short(value))
	}
	for of, align := range map[*plotter.XYLabels]font.Length{&left: -8, &right: 8} {
		labels, err := plotter.NewLabels(*of)
		if err != nil {
			return nil, err
		}
		for i := range labels.TextStyle {
			labels.TextStyle[i].Color = ink
			labels.TextStyle[i].Font.Size = 12
			labels.TextStyle[i].YAlign = text.YCenter
			if align < 0 {
				labels.TextStyle[i].XAlign = text.XRight
			}
		}
		labels.Offset.X = align
		g.Add(labels)
	}
	return svg(g, vg.Length(50+n*26))
}

func short(v float64) string {
	if v >= 100 {
		return thousands(int(v))
	}
	return fmt.Sprintf("%.2f", v)
}

// svg draws a plot on a background of its own, so that it can be read on any page, in
// dark colors where the reader prefers them.
func svg(g *gonum.Plot, height vg.Length) ([]byte, error) {
	canvas := vgsvg.New(width, height)
	g.Draw(draw.Crop(draw.New(canvas), 12, -12, 8, -12)) // left, right, bottom, top
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, err
	}
	head, rest, ok := bytes.Cut(b.Bytes(), []byte("<g "))
	if !ok {
		return nil, fmt.Errorf("an SVG without a group")
	}
	var all bytes.Buffer
	all.Write(head)
	all.WriteString(`<style>
text { font-family: Arial, Helvetica, 'Liberation Sans', sans-serif !important }
.page { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  .page { fill: #0d1117 }
  [style*="fill:#24292F"] { fill: #e6edf3 !important }
  [style*="stroke:#24292F"] { stroke: #e6edf3 !important }
  [style*="stroke:#D8DEE4"] { stroke: #30363d !important }
}
</style>
<rect class="page" width="100%" height="100%" rx="6"/>
<g `)
	all.Write(rest)
	return all.Bytes(), nil
}
