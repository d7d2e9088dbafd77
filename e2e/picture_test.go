package e2e

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Writes the pictures of docs/inspect.md when it is asked to.
func TestThePageIsPictured(t *testing.T) {
	if os.Getenv("STRATA_SCREENSHOTS") == "" {
		t.Skip("set STRATA_SCREENSHOTS=1 to write docs/inspect anew")
	}
	for _, size := range sizes {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			b := sized(t, size)
			chosen := map[int]string{6: "*api.Server", 51: "QueryScheduler"}[size]
			for _, scheme := range []string{"light", "dark"} {
				b.view(1280, 900, scheme)
				if chosen != "" {
					b.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(".unit[data-unit=%q]", chosen))))
				}
				b.picture(fmt.Sprintf("%d-%s.png", size, scheme))
			}
			if size == 6 {
				b.view(390, 844, "light")
				b.picture("6-narrow.png")
			}
		})
	}
}

// picture writes a picture of the page; of a long one without the timeline.
func (b *tab) picture(name string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void]("document.activeElement.blur(), scrollTo(0, 0)"))
	b.await("the plot is there", `document.querySelector("#plot").complete && document.querySelector("#plot").naturalWidth > 0`)
	height := value[float64](b, "document.documentElement.scrollHeight")
	if height > 5000 {
		height = value[float64](b, `document.querySelector("#timeline").getBoundingClientRect().top`)
	}
	beyond := true
	shot, err := chromedp.Call(b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{
		CaptureBeyondViewport: &beyond,
		Clip:                  &page.Viewport{Width: value[float64](b, "innerWidth"), Height: height, Scale: 1},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	small, err := smaller(shot.Data)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.MkdirAll("../docs/inspect", 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("../docs/inspect", name), small, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// smaller returns a picture with 128 colours: those that are most frequent in it, and of
// the rest, which are the edges of letters, what is close.
func smaller(picture []byte) ([]byte, error) {
	full, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, err
	}
	bounds := full.Bounds()
	exact, close := make(map[color.RGBA]int), make(map[color.RGBA]int)
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(full.At(x, y)).(color.RGBA) }
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			exact[at(x, y)]++
		}
	}
	for c, n := range exact {
		close[color.RGBA{c.R | 31, c.G | 31, c.B | 31, 255}] += n
	}
	palette := append(frequent(exact, 40), frequent(close, 88)...)
	nearest := make(map[color.RGBA]uint8)
	for c := range exact {
		nearest[c] = uint8(palette.Index(c))
	}
	few := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			few.SetColorIndex(x, y, nearest[at(x, y)])
		}
	}
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few)
	return out.Bytes(), err
}

// frequent returns the most frequent colours.
func frequent(counts map[color.RGBA]int, most int) (palette color.Palette) {
	all := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	for _, c := range all[:min(most, len(all))] {
		palette = append(palette, c)
	}
	return palette
}
