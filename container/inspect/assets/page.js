"use strict";
// The page shows what state.json says, and follows it through server-sent events. All
// text from the application is set as text, never as HTML.

const $ = (id) => document.getElementById(id);

// make returns an element with properties and children. Strings become text.
function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, properties);
  element.append(...children.filter((child) => child != null));
  return element;
}

// What the page knows.
let app = { state: "waiting", layers: 0 };
let instance = "";
let units = []; // by id, which is their order
let byName = new Map();
let boxes = []; // of the units, by id
let chosen = ""; // the name of the unit whose details are open
let skew = 0; // how far this clock is ahead of the application's, in ms

// ---- times

function seconds(s) {
  if (s >= 100) return `${Math.round(s)} s`;
  if (s >= 1) return `${s.toPrecision(3)} s`;
  const ms = s * 1000;
  return ms >= 1 ? `${ms.toPrecision(3)} ms` : `${Math.round(ms * 1000)} µs`;
}

const clock = (time) => new Date(time).toLocaleTimeString([], { hourCycle: "h23" });
const age = (since) => Math.max(0, (Date.now() - skew - new Date(since)) / 1000);

// lasting says for how long something has been so, in steps that a reader can follow.
function lasting(since) {
  const s = Math.floor(age(since));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 48 * 3600) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} d`;
}

// ---- what is told

function apply(message, whole) {
  skew = Date.now() - new Date(message.now);
  const before = app;
  app = message.app;
  const names = (list) => list.map((unit) => unit.name).join("\n");
  if (message.instance !== instance || whole && names(message.units) !== names(units)) {
    instance = message.instance;
    units = message.units;
    byName = new Map(units.map((unit) => [unit.name, unit]));
    build();
  } else {
    for (const unit of message.units) {
      units[unit.id] = unit;
      byName.set(unit.name, unit);
      refresh(unit);
    }
  }
  showApp(before);
  showDetails();
  showTimes();
}

function showApp(before) {
  const count = (state) => units.filter((unit) => unit.state === state).length;
  $("program").textContent = app.program;
  document.title = `${app.program}: ${app.state}`;
  const state = $("app-state");
  state.textContent = app.state;
  state.parentElement.dataset.state = app.state;
  showAge();

  const states = ["failed", "waiting", "starting", "running", "draining", "stopping", "stopped"];
  const counts = states.filter(count).map((s) => `${count(s)} ${s}`);
  const stuck = units.filter((unit) => unit.stuck).length;
  if (stuck) counts.unshift(`${stuck} stuck`);
  $("counts").textContent = units.length ? `${units.length} in ${app.layers} ${app.layers === 1 ? "layer" : "layers"}: ${counts.join(", ")}` : "none";

  $("trouble").hidden = !app.reason && !app.error;
  $("trouble-title").textContent = app.reason ? "Why it stops" : "Error";
  $("reason").textContent = app.reason || "";
  const error = $("app-error");
  error.textContent = [app.error, ...(app.stuck || []).filter((s) => !byName.has(s.name)).map((s) => `stuck: ${s.name}\n${s.stack || ""}`)]
    .filter(Boolean).join("\n\n");
  error.hidden = !error.textContent;

  const pending = app.pending || [];
  $("pending").hidden = pending.length === 0;
  $("pending-list").replaceChildren(...pending.map((p) => make("li", {},
    byName.has(p.name) ? link(p.name) : p.name, ` for ${seconds(p.seconds)}`,
    p.holds ? `; it holds up ${p.holds.join(", ")}` : "")));

  const notes = [["Warnings", app.warnings], ["Mistakes", app.mistakes], ["Constructors that nothing asks for", app.unused]]
    .filter(([, list]) => list && list.length);
  $("notes").hidden = notes.length === 0;
  $("notes-lists").replaceChildren(...notes.flatMap(([title, list]) =>
    [make("h3", { textContent: title }), make("ul", {}, ...list.map((text) => make("li", { textContent: text })))]));

  if (before.state !== app.state) {
    say(`The application is ${app.state}${app.reason ? `: ${app.reason}` : ""}.`);
  }
}

// showAge brings up to date what depends on the time alone.
function showAge() {
  const facts = [];
  if (app.since && app.state !== "waiting") facts.push(`since ${clock(app.since)}, for ${lasting(app.since)}`);
  if (app.start_seconds) facts.push(`started in ${seconds(app.start_seconds)}`);
  if (app.schedule) facts.push(app.schedule);
  $("app-facts").textContent = facts.join(" · ");
  for (const unit of units) {
    if (["starting", "draining", "stopping"].includes(unit.state)) refresh(unit);
  }
}

// say has a screen reader say what is important, at most once in a second.
let unsaid = [];
let saying = 0;
function say(text) {
  unsaid.push(text);
  saying ||= setTimeout(() => {
    $("said").textContent = unsaid.slice(-5).join(" ");
    unsaid = [];
    saying = 0;
  }, 1000);
}

// ---- the graph

function build() {
  const focused = boxes.findIndex((box) => box === document.activeElement);
  const layers = Array.from({ length: Math.max(app.layers, 0) }, () => []);
  for (const unit of units) (layers[unit.layer] ||= []).push(unit);
  boxes = units.map(box);
  $("units").replaceChildren(edges, ...layers.map((list, i) => make("section", { className: "layer" },
    make("h3", { id: `layer-${i}`, textContent: `Layer ${i}` }),
    labelled(make("ul", {}, ...list.map((unit) => make("li", {}, boxes[unit.id]))), `layer-${i}`))));
  if (!units.length) $("units").append(make("p", { textContent: "No unit is known." }));
  rove(Math.max(0, units.findIndex((unit) => unit.name === chosen)));
  if (focused >= 0 && boxes[focused]) boxes[focused].focus();
  for (const unit of units) refresh(unit);
  find();
  draw();
}

function labelled(element, id) {
  element.setAttribute("aria-labelledby", id);
  return element;
}

function box(unit) {
  const button = make("button", { type: "button", className: "unit", tabIndex: -1 },
    make("span", { className: "name" }, ...breakable(unit.name)), " ",
    make("span", { className: "line" }), " ", make("span", { className: "relation" }));
  button.dataset.unit = unit.name;
  button.addEventListener("click", () => open(unit.name));
  button.addEventListener("focus", () => rove(unit.id));
  button.addEventListener("mouseenter", () => draw(unit.name));
  button.addEventListener("mouseleave", () => draw());
  return button;
}

// breakable returns a name that is rather broken between its parts than within one.
function breakable(name) {
  return name.split(/(?<=[./])|(?=\[)|(?<=[a-z])(?=[A-Z])/).flatMap((part, i) => i ? [make("wbr", {}), part] : [part]);
}

// refresh shows the state of a unit in its box.
function refresh(unit) {
  const button = boxes[unit.id];
  if (!button) return;
  const was = button.dataset.state;
  button.dataset.state = unit.state;
  const parts = [make("span", { className: "state", textContent: unit.state })];
  if (unit.late || ["starting", "draining", "stopping"].includes(unit.state)) {
    if (age(unit.since) >= 1) parts.push(" ", make("span", { className: "took", textContent: `for ${lasting(unit.since)}` }));
  } else if (unit.start_seconds && ["running", "waiting"].includes(unit.state)) {
    parts.push(" ", make("span", { className: "took", textContent: `start ${seconds(unit.start_seconds)}` }));
  } else if (unit.stop_seconds) {
    parts.push(" ", make("span", { className: "took", textContent: `stop ${seconds(unit.stop_seconds)}` }));
  }
  const marks = [unit.stuck && "stuck", !unit.stuck && unit.late && "late", unit.forced && "forced",
    unit.report_count && `${unit.report_count} report${unit.report_count > 1 ? "s" : ""}`].filter(Boolean);
  for (const mark of marks) parts.push(" ", make("span", { className: "mark", textContent: mark }));
  const relation = relationTo(unit);
  button.querySelector(".relation").textContent = { dependency: "▲ waited for", dependent: "▼ waits" }[relation] || "";
  button.classList.toggle("dependency", relation === "dependency");
  button.classList.toggle("dependent", relation === "dependent");
  if (unit.name === chosen) button.setAttribute("aria-current", "true"); else button.removeAttribute("aria-current");
  const line = button.querySelector(".line");
  const text = parts.map((part) => part.textContent ?? part).join("");
  if (line.textContent !== text) line.replaceChildren(...parts);
  // What is read aloud has the name in one piece, which is broken for the eye.
  const aloud = [unit.name, text, button.querySelector(".relation").textContent.slice(2)].filter(Boolean).join(" ");
  if (button.getAttribute("aria-label") !== aloud) button.setAttribute("aria-label", aloud);
  if (was && was !== unit.state && unit.state === "failed") say(`${unit.name} failed.`);
  if (unit.stuck && !button.dataset.stuck) say(`${unit.name} is stuck.`);
  button.dataset.stuck = unit.stuck ? "yes" : "";
}

// relationTo says what a unit is to the chosen one.
function relationTo(unit) {
  const centre = byName.get(chosen);
  if (!centre) return "";
  if (centre.depends_on.some((d) => d.name === unit.name)) return "dependency";
  return centre.dependents.includes(unit.name) ? "dependent" : "";
}

// One unit at a time is reached by Tab; the arrow keys move among them.
let roving = 0;
function rove(id) {
  if (boxes[roving]) boxes[roving].tabIndex = -1;
  roving = id;
  if (boxes[roving]) boxes[roving].tabIndex = 0;
}

$("units").addEventListener("keydown", (event) => {
  const shown = boxes.filter((box) => !box.parentElement.hidden);
  const at = shown.indexOf(document.activeElement);
  if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
  const to = {
    ArrowRight: () => at + 1, ArrowLeft: () => at - 1, Home: () => 0, End: () => shown.length - 1,
    ArrowDown: () => beside(shown, at, 1), ArrowUp: () => beside(shown, at, -1),
  }[event.key];
  if (!to) return;
  event.preventDefault();
  const next = shown[Math.min(Math.max(to(), 0), shown.length - 1)];
  next.focus();
});

// beside returns which box is the nearest in the row below (1) or above (-1).
function beside(shown, at, direction) {
  const from = shown[at].getBoundingClientRect();
  let row = null, best = at, distance = Infinity;
  for (let i = at + direction; shown[i]; i += direction) {
    const to = shown[i].getBoundingClientRect();
    if (Math.abs(to.top - from.top) < 2) continue;
    row ??= to.top;
    if (Math.abs(to.top - row) > 2) break;
    if (Math.abs(to.left - from.left) < distance) { distance = Math.abs(to.left - from.left); best = i; }
  }
  return best;
}

// The edges: of few units all, of many those of one.
const edges = document.createElementNS("http://www.w3.org/2000/svg", "svg");
edges.id = "edges";
edges.setAttribute("aria-hidden", "true");
const fewUnits = 20;

function draw(name = chosen) {
  const area = $("units");
  const origin = area.getBoundingClientRect();
  const places = boxes.map((box) => box.parentElement.hidden ? null : box.getBoundingClientRect());
  const rows = [...new Set(places.filter(Boolean).map((place) => Math.round(place.top)))].sort((a, b) => a - b);
  const paths = [];
  for (const unit of units) {
    for (const d of unit.depends_on) {
      const on = byName.get(d.name);
      const ofChosen = unit.name === name || d.name === name;
      if (!on || !ofChosen && units.length > fewUnits || !places[on.id] || !places[unit.id]) continue;
      const path = document.createElementNS(edges.namespaceURI, "path");
      path.setAttribute("d", way(places[on.id], places[unit.id], rows, origin, on.id % 4));
      if (ofChosen) path.setAttribute("class", "chosen");
      paths.push(path);
    }
  }
  paths.sort((a, b) => a.classList.length - b.classList.length);
  edges.replaceChildren(...paths);
}

// way goes from the bottom of one box to the top of another, between the boxes: along
// the row, down beside a column if there are rows between the two, and along the row.
// Those from different boxes go side by side.
function way(from, to, rows, origin, lane) {
  const x1 = from.left + from.width / 2 - origin.left, y1 = from.bottom - origin.top;
  const x2 = to.left + to.width / 2 - origin.left, y2 = to.top - origin.top;
  const below = y1 + 5 + lane * 3, above = y2 - 5;
  const between = rows.indexOf(Math.round(to.top)) - rows.indexOf(Math.round(from.top)) - 1;
  if (between <= 0) return `M${x1},${y1}V${below}H${x2}V${y2}`;
  const right = to.left > from.left || to.left === from.left && from.right + 20 < origin.right;
  const beside = (right ? from.right + 3 : from.left - 12) - origin.left + lane * 3;
  return `M${x1},${y1}V${below}H${beside}V${above}H${x2}V${y2}`;
}

new ResizeObserver(() => draw()).observe($("units"));

function find() {
  const wanted = $("find").value.trim().toLowerCase();
  for (const unit of units) {
    const text = `${unit.name} ${unit.constructor} ${unit.state}`.toLowerCase();
    boxes[unit.id].parentElement.hidden = !text.includes(wanted);
  }
  for (const layer of document.querySelectorAll(".layer")) {
    layer.hidden = !layer.querySelector("li:not([hidden])");
  }
  if (boxes[roving]?.parentElement.hidden) rove(Math.max(0, boxes.findIndex((box) => !box.parentElement.hidden)));
  draw();
}
$("find").addEventListener("input", find);

// ---- the details of a unit

// link is a button that opens a unit's details.
function link(name) {
  return make("button", { type: "button", className: "link", textContent: name, onclick: () => open(name) });
}

function open(name) {
  if (!byName.has(name)) return;
  chosen = name;
  $("details-now").querySelector("pre").hidden = true;
  shownDetails = "";
  for (const unit of units) refresh(unit);
  showDetails();
  rove(byName.get(name).id);
  draw();
  $("details-title").focus();
}

function close() {
  const unit = byName.get(chosen);
  chosen = "";
  for (const unit of units) refresh(unit);
  showDetails();
  draw();
  if (unit) boxes[unit.id].focus();
}
$("close").addEventListener("click", close);
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && chosen && event.target !== $("find")) close(); });

let shownDetails = ""; // what the details were made of, so that nothing is replaced under a reader
function showDetails() {
  const unit = byName.get(chosen);
  $("details").hidden = !unit;
  document.querySelector("main").classList.toggle("open", Boolean(unit));
  if (!unit) return;
  const others = [...unit.depends_on.map((d) => d.name), ...unit.dependents].map((name) => byName.get(name)?.state);
  const made = JSON.stringify([unit, others]);
  if (made === shownDetails) return;
  shownDetails = made;

  $("details-title").textContent = unit.name;
  const state = make("span", { className: "state", textContent: unit.state });
  const shown = make("span", {}, state);
  shown.dataset.state = unit.state;
  const facts = [
    ["State", make("span", {}, shown, unit.since && unit.state !== "waiting" ? ` since ${clock(unit.since)}` : "")],
    ["Marks", [unit.stuck && "stuck: it did not end when forced", unit.late && "late: it is waited for",
      unit.forced && "forced: its context was cancelled to end it", unit.critical && "critical: the start waited for it"].filter(Boolean).join("; ")],
    ["Start took", unit.start_seconds && seconds(unit.start_seconds)],
    ["Stop took", unit.stop_seconds && seconds(unit.stop_seconds)],
    ["Made by", unit.constructor],
    ["Type", unit.type !== unit.name && unit.type],
    ["Layer", String(unit.layer)],
  ].filter(([, value]) => value);
  $("facts").replaceChildren(...facts.flatMap(([name, value]) => [make("dt", { textContent: name }), make("dd", {}, value)]));

  text("details-error", unit.error);
  text("details-stack", unit.stack);
  $("details-stack").querySelector("h3").textContent = unit.stuck ? "Stacks when it was given up" : "Stack of the panic";
  list("details-needs", unit.depends_on.map((d) => make("li", {}, link(d.name), " ", stateOf(d.name),
    d.why ? make("span", { className: "why", textContent: d.why }) : null)), "nothing");
  list("details-needed", unit.dependents.map((name) => make("li", {}, link(name), " ", stateOf(name))), "nobody");
  const reports = unit.reports || [];
  $("details-reports").hidden = !reports.length;
  $("details-reports").querySelector("h3").textContent =
    unit.report_count > reports.length ? `Reports, the last ${reports.length} of ${unit.report_count}` : "Reports";
  list("details-reports", reports.toReversed().map((r) => make("li", {}, make("time", { dateTime: r.at, textContent: clock(r.at) }), ` ${r.text}`)), "none");
}

function stateOf(name) {
  const state = byName.get(name)?.state || "unknown";
  const shown = make("span", {}, make("span", { className: "state", textContent: state }));
  shown.dataset.state = state;
  return shown;
}

function text(id, value) {
  $(id).hidden = !value;
  $(id).querySelector("pre").textContent = value || "";
}

function list(id, items, none) {
  $(id).querySelector("ul").replaceChildren(...(items.length ? items : [make("li", { textContent: none })]));
}

$("read").addEventListener("click", async () => {
  const unit = byName.get(chosen);
  const shown = $("details-now").querySelector("pre");
  try {
    const answer = await fetch(`stacks?id=${unit.id}`);
    const stacks = answer.ok ? await answer.text() : "";
    if (unit.name !== chosen) return;
    shown.textContent = stacks || "None: it has no goroutine now.";
  } catch {
    shown.textContent = "They cannot be read: the connection is lost.";
  }
  shown.hidden = false;
});

// ---- the timeline

let plotted = ""; // what the plot and the table were last made of
let plotting = 0;
function showTimes() {
  const began = units.some((unit) => unit.state !== "waiting");
  $("timeline").hidden = !began;
  if (!began || plotting || timesKey() === plotted) return;
  plotting = setTimeout(() => {
    plotting = 0;
    plotted = timesKey();
    drawPlot();
    $("times").replaceChildren(...units.map((unit) => make("tr", {}, ...[unit.name, String(unit.layer), unit.state,
      unit.start_seconds ? seconds(unit.start_seconds) : "", unit.stop_seconds ? seconds(unit.stop_seconds) : "", unit.critical ? "yes" : ""]
      .map((cell) => make("td", { textContent: cell })))));
  }, plotted ? 500 : 0);
}

// drawPlot takes the place of the plot that is there once it has been received: there may be nobody any more to ask.
let plot = null; // the last that was asked for
function drawPlot() {
  const next = make("img", { alt: $("plot").alt, src: `timeline.svg?${Date.now()}` });
  plot = next;
  next.addEventListener("load", () => {
    if (plot !== next) return;
    next.id = "plot";
    $("plot").replaceWith(next);
  });
}

// timesKey changes when there is more to be drawn; what is under way goes on every five seconds.
function timesKey() {
  const underway = ["starting", "draining", "stopping"].includes(app.state) && Math.floor(Date.now() / 5000);
  return JSON.stringify([instance, app.state, underway, units.map((unit) => [unit.state, unit.report_count])]);
}

// ---- the connection

let lost = false;
let wait = 500; // before the next attempt, in ms
let heard = 0; // when something last came through the stream, in ms
const silence = 40000; // from then on the stream is dead, in ms: there is a beat every 15 s

function connect() {
  const source = new EventSource("events");
  const heed = (whole) => (event) => { heard = Date.now(); found("live"); apply(JSON.parse(event.data), whole); };
  source.addEventListener("snapshot", heed(true));
  source.addEventListener("update", heed(false));
  source.addEventListener("beat", () => { heard = Date.now(); });
  heard = Date.now();
  const watch = setInterval(() => {
    if (Date.now() - heard < silence) return;
    lose();
    again();
  }, 1000);
  const again = () => {
    source.close();
    clearInterval(watch);
    setTimeout(poll, { stopping: 200, stopped: 5000, failed: 5000 }[app.state] || wait);
  };
  source.addEventListener("end", again); // the server is about to go, or cannot keep streams open
  source.onerror = again; // it is gone, or has too many streams
}

// poll asks once, and goes on to connect. What answers may be another process.
async function poll() {
  try {
    const answer = await fetch("state.json", { signal: AbortSignal.timeout(10000) });
    if (!answer.ok) throw new Error(answer.statusText);
    const message = await answer.json();
    found("asked now and then");
    apply(message, true);
  } catch {
    lose();
    setTimeout(poll, wait);
    return;
  }
  connect();
}

function found(how) {
  wait = 500;
  if (lost) say("Connected again.");
  lost = false;
  $("lost").hidden = true;
  $("connection").textContent = how;
  $("connection").dataset.live = "yes";
}

function lose() {
  wait = Math.min(wait * 2, 5000);
  if (lost) return;
  lost = true;
  const text = `Connection lost: the application has ended, or cannot be reached. What is shown is of ${clock(Date.now())}.`;
  $("lost").textContent = text;
  $("lost").hidden = false;
  $("connection").textContent = "connection lost";
  $("connection").dataset.live = "no";
  say(text);
}

setInterval(() => {
  showAge();
  if (!lost) showTimes();
}, 1000);
connect();
