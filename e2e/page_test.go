package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/strata-go/strata/container"
)

// The page in a real browser shows the shop that serves it, follows its stop for as long
// as there is somebody to ask, and then says that there is not. It holds up nothing: the
// shop stops cleanly, and before its stop timeout.
func TestThePageShowsTheShopThatServesItAndFollowsItsStop(t *testing.T) {
	s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))
	origin := "http://" + s.addr("admin") + "/"
	b := openTab(t, origin+"debug/strata/")
	b.await("all units run", `[...document.querySelectorAll(".unit[data-state=running]")].length === 6`)
	for _, name := range shopUnits {
		b.await(name+" is shown", fmt.Sprintf(`[...document.querySelectorAll(".unit .name")].some((e) => e.textContent === %q)`, name))
	}
	b.await("the plot is there", `document.querySelector("#plot").naturalWidth > 0`)
	b.await("it is live", `document.querySelector("#connection").textContent === "live"`)
	inHand := s.hold("in hand")
	b.check(origin)

	s.signal(syscall.SIGTERM)

	b.await("it tells of the stop", `document.querySelector("#app-state").textContent === "stopping" &&
		document.querySelector('.unit[data-unit="*api.Server"]').dataset.state === "stopping" &&
		document.querySelector("#reason").textContent === "signal: terminated" &&
		document.querySelector("#connection").textContent === "live"`)
	b.check(origin)
	if _, err := inHand.finish(); err != nil {
		t.Error(err)
	}
	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.checkLog()
	b.await("it says that the shop has ended", `!document.querySelector("#lost").hidden &&
		document.querySelector("#said").textContent.includes("Connection lost")`)
	b.await("it shows the last that was told", `document.querySelector('.unit[data-unit="*api.Server"]').dataset.state === "stopped"`)
	b.await("it has tried to draw that", `plotting === 0`)
	time.Sleep(100 * time.Millisecond) // in vain, if there is nobody to ask
	if !value[bool](b, `document.querySelector("#plot").naturalWidth > 0`) {
		t.Error("the plot is gone with the shop")
	}

	again := runShop(t, "-db", filepath.Join(t.TempDir(), "shop.db"), "-admin", s.addr("admin"))
	again.awaitMessage("app started")
	b.await("it shows the next shop that is there", `document.querySelectorAll(".unit[data-state=running]").length === 6 &&
		document.querySelector("#lost").hidden && document.querySelector("#connection").textContent === "live"`)
}

// A shop that is there and says nothing any more, frozen or behind a dead line, is not
// shown as live.
func TestThePageSaysThatItHearsNothing(t *testing.T) {
	s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))
	b := openTab(t, "http://"+s.addr("admin")+"/debug/strata/")
	b.await("it is live", `document.querySelector("#connection").textContent === "live"`)
	s.signal(syscall.SIGSTOP)
	value[float64](b, "heard -= silence") // that much later

	b.await("it says so", `!document.querySelector("#lost").hidden && document.querySelector("#connection").textContent === "connection lost"`)

	s.signal(syscall.SIGCONT)
	b.await("it is live again", `document.querySelector("#lost").hidden && document.querySelector("#connection").textContent === "live"`)
}

// A stream that held up the stop would have it forced, which is told. How long stops take
// is logged.
func TestAnOpenPageDoesNotHoldUpTheShop(t *testing.T) {
	for _, open := range []bool{false, true} {
		var took []time.Duration
		for range rounds(t, 2) {
			s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))
			if open {
				b := openTab(t, "http://"+s.addr("admin")+"/debug/strata/")
				b.await("it is live, and has all", `document.querySelector("#connection").textContent === "live" &&
					document.querySelector("#plot").naturalWidth > 0`)
			}
			began := time.Now()
			s.signal(syscall.SIGTERM)
			if code := s.exitCode(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			took = append(took, time.Since(began))
			s.checkLog()
		}
		slices.Sort(took)
		t.Logf("open page: %v; stops took %v", open, took)
	}
}

func TestThePageFollowsAStartAndAStop(t *testing.T) {
	g := newGraph(t, lokiNeeds(t))
	last, held := g.modules["Querier"], g.modules["Server"]
	last.start.hold()
	held.stop.hold()
	b := openTab(t, g.url)
	b.await("all units are planned", `document.querySelectorAll(".unit[data-state=waiting]").length === 51 && document.querySelectorAll(".layer").length === 7`)

	g.launch(t)
	b.await("one is starting", `document.querySelector(".unit[data-unit=Querier]").dataset.state === "starting" &&
		document.querySelector(".unit[data-unit=Server]").dataset.state === "running" &&
		document.querySelector("#app-state").textContent === "starting"`)
	b.await("it is drawn", `plotting === 0 && document.querySelector("#plot").naturalWidth > 0`)
	plot := value[string](b, `document.querySelector("#plot").src`)
	b.await("the plot goes on while it waits", fmt.Sprintf(`document.querySelector("#plot").src !== %q`, plot))
	last.start.release()
	b.await("all run", `document.querySelectorAll(".unit[data-state=running]").length === 51 &&
		document.querySelector("#app-state").textContent === "running" &&
		document.querySelector("#said").textContent.includes("The application is running.")`)
	b.await("the times are told", `document.querySelectorAll("#times tr").length === 51 &&
		[...document.querySelectorAll("#times tr")].every((row) => row.textContent.includes("running"))`)
	held.report <- errors.New("lease lost")
	b.await("a report is told", `document.querySelector(".unit[data-unit=Server]").textContent.includes("1 report")`)

	g.cancel()
	b.await("one is stopping", `document.querySelector(".unit[data-unit=Server]").dataset.state === "stopping" &&
		document.querySelector(".unit[data-unit=Querier]").dataset.state === "stopped"`)
	held.stop.release()
	b.await("all have stopped", `document.querySelectorAll(".unit[data-state=stopped]").length === 51 &&
		document.querySelector("#app-state").textContent === "stopped" &&
		[...document.querySelectorAll("#times tr")].every((row) => row.textContent.includes("stopped"))`)
	b.check(g.url)
}

func TestThePageTellsOfAFailureAndWhatIsLate(t *testing.T) {
	g := newGraph(t, map[string][]string{"database": nil, "cache": {"database"}, "server": {"cache"}})
	g.modules["server"].stop.hold()
	g.launch(t)
	b := openTab(t, g.url)
	b.await("it runs", `document.querySelector("#app-state").textContent === "running"`)

	g.modules["cache"].broken <- errors.New("the disk is full")

	b.await("it says why", `document.querySelector(".unit[data-unit=cache]").dataset.state === "failed" &&
		document.querySelector("#reason").textContent === "failure: cache" &&
		document.querySelector("#app-error").textContent.includes("the disk is full") &&
		document.querySelector("#said").textContent.includes("cache failed.")`)
	b.await("it says what is late", `document.querySelector(".unit[data-unit=server]").textContent.includes("late") &&
		document.querySelector("#pending-list").textContent.includes("server for ")`)
	b.do(chromedp.Click(chromedp.CSS(`.unit[data-unit="server"]`)), chromedp.Click(chromedp.CSS("#read")))
	b.await("it shows where it is", `document.querySelector("#details-now pre").textContent.includes("gate).wait")`)
	b.do(chromedp.Click(chromedp.CSS(`.unit[data-unit="cache"]`)))
	b.await("it shows the error", `document.querySelector("#details-error pre").textContent.includes("the disk is full")`)
	g.modules["server"].stop.release()
	b.await("it has ended", `document.querySelector("#app-state").textContent === "failed"`)
	b.check(g.url)
}

// With the keyboard alone: Tab to the units, the arrow keys among them, Enter for the
// details, Escape back.
func TestThePageIsUsedWithTheKeyboard(t *testing.T) {
	g := newGraph(t, lokiNeeds(t))
	g.launch(t)
	b := openTab(t, g.url)
	b.await("all run", `document.querySelectorAll(".unit[data-state=running]").length === 51`)
	const focused = `(document.activeElement.dataset.unit || document.activeElement.id || document.activeElement.tagName)`
	first := value[string](b, `document.querySelector(".unit").dataset.unit`)

	for range 10 {
		b.keys(kb.Tab)
		if value[string](b, focused) == first {
			break
		}
	}
	if got := value[string](b, focused); got != first {
		t.Fatalf("Tab does not get to %s but to %s", first, got)
	}
	if !value[bool](b, `getComputedStyle(document.activeElement).outlineStyle === "solid"`) {
		t.Error("the focus cannot be seen")
	}
	b.keys(kb.Tab)
	if value[bool](b, `document.activeElement.classList.contains("unit")`) {
		t.Error("a second unit is in the order of Tab")
	}
	b.do(chromedp.Focus(chromedp.CSS(`.unit[tabindex="0"]`)))

	b.keys(kb.ArrowRight)
	if got, want := value[string](b, focused), value[string](b, `document.querySelectorAll(".unit")[1].dataset.unit`); got != want {
		t.Errorf("right is %s, want %s", got, want)
	}
	b.keys(kb.ArrowDown)
	if !value[bool](b, `document.activeElement.getBoundingClientRect().top > document.querySelectorAll(".unit")[1].getBoundingClientRect().bottom`) {
		t.Error("down is not below")
	}
	b.keys(kb.ArrowUp, kb.ArrowLeft)
	if got := value[string](b, focused); got != first {
		t.Errorf("back is %s, want %s", got, first)
	}
	b.keys(kb.End)
	last := value[string](b, focused)
	if want := value[string](b, `[...document.querySelectorAll(".unit")].at(-1).dataset.unit`); last != want {
		t.Errorf("End is %s, want %s", last, want)
	}
	b.keys(kb.Enter)
	b.await("the details are open", fmt.Sprintf(`document.activeElement.id === "details-title" && document.activeElement.textContent === %q`, last))
	b.keys(kb.Tab, kb.Escape)
	b.await("they are closed", fmt.Sprintf(`document.querySelector("#details").hidden && %s === %q`, focused, last))
	b.keys(kb.Enter)
	b.await("the details are open again", `document.activeElement.id === "details-title"`)
	b.do(chromedp.Focus(chromedp.CSS(`.unit[tabindex="0"]`)))
	b.keys(kb.Escape)
	b.await("they are closed from among the units, too", `document.querySelector("#details").hidden`)
	if midnight := value[string](b, `clock(new Date(2026, 2, 1, 0, 5))`); midnight != "00:05:00" {
		t.Errorf("after midnight it is %s", midnight)
	}
	b.check(g.url)
}

// What a screen reader is told: each unit is a button with its name and state, in a list
// that is named by its layer; what was opened has a heading; nothing that can be reached
// is without a name.
func TestThePageIsReadByAScreenReader(t *testing.T) {
	g := newGraph(t, lokiNeeds(t))
	g.launch(t)
	b := openTab(t, g.url)
	b.await("all run", `document.querySelectorAll(".unit[data-state=running]").length === 51`)
	b.do(chromedp.Click(chromedp.CSS(`.unit[data-unit="Ring"]`)))
	b.await("the details are open", `!document.querySelector("#details").hidden`)

	tree, err := chromedp.Call(b.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string][]string) // by role
	for _, n := range tree.Nodes {
		if n.Ignored || n.Role == nil {
			continue
		}
		var role, name string
		_ = json.Unmarshal(n.Role.Value, &role)
		if n.Name != nil {
			_ = json.Unmarshal(n.Name.Value, &name)
		}
		names[role] = append(names[role], name)
		switch role {
		case "button", "link", "searchbox", "image", "heading", "region", "table":
			if strings.TrimSpace(name) == "" && role != "table" {
				t.Errorf("a %s has no name", role)
			}
		}
	}
	for unit := range g.modules {
		if !slices.ContainsFunc(names["button"], func(name string) bool { return strings.HasPrefix(name, unit+" running") }) {
			t.Errorf("no button says that %s runs", unit)
		}
	}
	for role, want := range map[string]string{
		"heading": "Ring", "list": "Layer 0", "region": "Timeline", "searchbox": "Find", "main": "", "banner": "",
	} {
		if !slices.Contains(names[role], want) {
			t.Errorf("no %s %q among %q", role, want, names[role])
		}
	}
	b.check(g.url)
}

// What units are called, and say, is text.
func TestThePageRunsNothingThatTheApplicationSays(t *testing.T) {
	hostile := `<img src=x onerror="document.title='pwned'"><script>document.title='pwned'</script>"'&` + strings.Repeat("long", 100)
	g := newGraph(t, map[string][]string{hostile: nil})
	g.launch(t)
	b := openTab(t, g.url)
	b.await("it runs", `document.querySelectorAll(".unit[data-state=running]").length === 1`)
	g.modules[hostile].report <- hostile
	b.do(chromedp.Click(chromedp.CSS(`.unit`)))
	g.modules[hostile].broken <- errors.New(hostile)

	b.await("all of it is shown", `document.querySelector("#app-state").textContent === "failed" &&
		document.querySelector("#details-reports").textContent.includes("<script>") &&
		document.querySelector("#details-error").textContent.includes("<script>") &&
		document.querySelector("#details-title").textContent.includes("<script>")`)
	if value[bool](b, `document.title.includes("pwned") || document.querySelector("body script, img:not(#plot)") !== null`) {
		t.Error("it was run")
	}
	for _, width := range []int64{1280, 390} {
		b.view(width, 900, "light")
		for _, wrong := range value[[]string](b, geometry) {
			t.Errorf("%d px: %.200s", width, wrong)
		}
	}
	b.check(g.url)
}

// The number of units of the graphs that are looked at.
var sizes = []int{6, 51, 200}

// sized opens the page of a graph of that size while something happens in it: all runs,
// but for the great ones, of which one waits in the start, or in the stop.
func sized(t *testing.T, size int) *tab {
	switch size {
	case 6:
		s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))
		b := openTab(t, "http://"+s.addr("admin")+"/debug/strata/")
		b.await("all run", `document.querySelectorAll(".unit[data-state=running]").length === 6`)
		return b
	case 51:
		named(t, "loki")
		g := newGraph(t, lokiNeeds(t))
		g.modules["PartitionRing"].start.hold()
		g.launch(t)
		b := openTab(t, g.url)
		b.await("one starts", `document.querySelector(".unit[data-unit=PartitionRing]").dataset.state === "starting" &&
			document.querySelectorAll(".unit[data-state=starting]").length === 1`)
		return b
	default:
		named(t, "platform")
		g := newGraph(t, largeNeeds(size), container.WithSchedule(container.ByDependency))
		plan, err := g.Plan()
		if err != nil {
			t.Fatal(err)
		}
		// Before the build, a unit is named by its type and its name in dig.
		moduleOf := func(u container.Unit) *module {
			_, name, _ := strings.Cut(u.Name, "[name=")
			return g.modules[strings.TrimSuffix(name, "]")]
		}
		second := plan.Layers[1]
		held, culprit := moduleOf(second[0]), moduleOf(second[1])
		held.stop.hold()
		g.launch(t)
		b := openTab(t, g.url)
		b.await("all run", fmt.Sprintf(`document.querySelectorAll(".unit[data-state=running]").length === %d`, size))
		culprit.broken <- errors.New("connection reset by peer")
		b.await("one stops", `document.querySelectorAll(".unit[data-state=stopping]").length === 1 &&
			document.querySelectorAll(".unit[data-state=failed]").length === 1`)
		return b
	}
}

// named has the page call the program so.
func named(t *testing.T, name string) {
	was := os.Args[0]
	os.Args[0] = name
	t.Cleanup(func() { os.Args[0] = was })
}

// geometry returns what is wrong with where things are: boxes that overlap, text that is
// cut off, and what makes the page wider than the window.
const geometry = `(() => {
	const wrong = [];
	const boxes = [...document.querySelectorAll(".unit")].map((box) => [box.textContent, box.getBoundingClientRect()]);
	boxes.forEach(([name, a], i) => {
		if (a.width < 40 || a.height < 20) wrong.push("too small: " + name);
		for (const [other, b] of boxes.slice(i + 1)) {
			if (a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5)
				wrong.push("overlap: " + name + " and " + other);
		}
	});
	for (const e of document.querySelectorAll("h1, h2, h3, p, dd, dt, li, summary, button, .unit, .unit .name, .unit .line, pre")) {
		if (e.closest("[hidden], .unseen, .skip")) continue;
		if (e.scrollWidth > e.clientWidth && getComputedStyle(e).display !== "inline") wrong.push("cut off: " + e.textContent.slice(0, 60));
		const box = e.closest(".unit"), r = e.getBoundingClientRect();
		if (box && e !== box) {
			const b = box.getBoundingClientRect();
			if (r.right > b.right + 0.5 || r.bottom > b.bottom + 0.5) wrong.push("out of its box: " + e.textContent);
		}
		if (r.width && (r.right > innerWidth + 0.5 || r.left < -0.5)) wrong.push("out of the window: " + e.textContent.slice(0, 60));
	}
	const details = document.querySelector("#details");
	if (!details.hidden && innerWidth > 900) {
		const d = details.getBoundingClientRect();
		for (const [name, a] of boxes) if (a.right > d.left) wrong.push("under the details: " + name);
	}
	if (document.documentElement.scrollWidth > innerWidth) wrong.push("the page is " + document.documentElement.scrollWidth + " wide");
	return wrong;
})()`

// Nothing overlaps or is cut off, in narrow windows, at 200% (a window of 640) and 400%
// (320), and in print, with details and without.
func TestNothingOnThePageOverlapsOrIsCutOff(t *testing.T) {
	for _, size := range sizes {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			b := sized(t, size)
			for _, details := range []bool{false, true} {
				if details {
					b.do(chromedp.Click(chromedp.CSS(`.layer:last-of-type .unit`)))
					b.await("the details are open", `!document.querySelector("#details").hidden`)
				}
				for width, as := range map[int64]string{1280: "light", 640: "light", 390: "dark", 320: "light", 760: "print"} {
					b.view(width, 900, as)
					for _, wrong := range value[[]string](b, geometry) {
						t.Errorf("%d px, %s, details %v: %s", width, as, details, wrong)
					}
				}
			}
		})
	}
}

// contrast returns the texts that are hard to read: those whose contrast with what is
// behind them is below 4.5, as WCAG has it.
const contrast = `(() => {
	const channels = (color) => color.match(/[0-9.]+/g).map(Number);
	const light = (color) => {
		const [r, g, b] = channels(color).map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const behind = (e) => {
		for (; e; e = e.parentElement) {
			const color = getComputedStyle(e).backgroundColor, c = channels(color);
			if (c.length < 4 || c[3] > 0) return color;
		}
		return "rgb(255, 255, 255)";
	};
	const hard = new Set();
	for (const e of document.querySelectorAll("body *")) {
		if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility() || e.closest(".unseen, noscript")) continue;
		const a = light(getComputedStyle(e).color), b = light(behind(e));
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) hard.add(ratio.toFixed(2) + ": " + e.tagName + "." + e.className + " " + e.textContent.slice(0, 30));
	}
	return [...hard];
})()`

func TestThePageIsReadableInLightAndDark(t *testing.T) {
	for _, size := range sizes[1:] { // in which there are all states
		b := sized(t, size)
		b.view(1280, 900, "light") // and without transitions
		b.do(chromedp.Click(chromedp.CSS(`.layer:last-of-type .unit`)))
		b.await("the details are open", `!document.querySelector("#details").hidden`)
		for _, scheme := range []string{"light", "dark"} {
			b.view(1280, 900, scheme)
			for _, hard := range value[[]string](b, contrast) {
				t.Errorf("%d units, %s: %s", size, scheme, hard)
			}
		}
	}
}
