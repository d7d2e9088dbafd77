package e2e

import (
	"bytes"
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

// picture writes a picture of the whole page.
func (b *tab) picture(name string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void]("document.activeElement.blur(), scrollTo(0, 0)"))
	b.await("the plot is there", `document.querySelector("#plot").complete && document.querySelector("#plot").naturalWidth > 0`)
	beyond := true
	shot, err := chromedp.Call(b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &beyond})
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

// smaller returns a picture with the 64 colours that are most frequent in it, which is
// all that a page has but for the edges of its letters.
func smaller(picture []byte) ([]byte, error) {
	full, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, err
	}
	bounds := full.Bounds()
	counts := make(map[color.RGBA]int)
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(full.At(x, y)).(color.RGBA) }
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[at(x, y)]++
		}
	}
	frequent := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int { return counts[b] - counts[a] })
	var palette color.Palette
	for _, c := range frequent[:min(64, len(frequent))] {
		palette = append(palette, c)
	}
	nearest := make(map[color.RGBA]uint8)
	for c := range counts {
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
