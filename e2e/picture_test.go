package e2e

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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

// Writes the plot of the README when it is asked to; else the one that is there has to be
// of the shop as it is.
func TestThePlotOfTheShopIsPictured(t *testing.T) {
	const file = "../docs/shop.svg"
	if os.Getenv("STRATA_SCREENSHOTS") == "" {
		plot, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, unit := range shopUnits {
			if !strings.Contains(string(plot), ">"+unit+"<") {
				t.Errorf("%s has no %s", file, unit)
			}
		}
		if n := strings.Count(string(plot), "<g>"); n != len(shopUnits) {
			t.Errorf("%s has %d rows, want %d", file, n, len(shopUnits))
		}
		return
	}
	s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))
	time.Sleep(300 * time.Millisecond) // the run is drawn
	answer, err := s.client.Get("http://" + s.addr("admin") + "/debug/strata/timeline.svg")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	plot, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, plot, 0o644); err != nil {
		t.Fatal(err)
	}
}

var shopUnits = []string{"*store.Store", "*admin.Server", "*fulfilment.Server", "*stock.Cache", "*outbox.Outbox", "*api.Server"}

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
