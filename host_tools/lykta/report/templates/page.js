// The page: its look, its controls, and what happens on paper.

const events = d3.dispatch("time", "cursor", "lamp");
const page = d3.select(document.documentElement);
let time = NIGHT;
let before = null; // what the screen showed before it went to paper

const diagrams = STRIPS.map((strip, i) => {
  const section = d3.select(`#strip-${i}`);
  return { strip, section, diagram: new Diagram(section.select(".diagram").node(), strip, events) };
});
const chart = LAMPS.length ? new Chart("#chart") : null;
const map = LAMPS.length ? new StreetMap("#map", events) : null;
let current = diagrams[DATA.first];

function redraw() {
  for (const { diagram } of diagrams) {
    diagram.t.domain(time);
    diagram.draw();
  }
  if (chart) {
    chart.t.domain(time);
    chart.draw();
  }
}

let waiting = false;
function later() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; redraw(); });
}

function select(index) {
  current = diagrams[index];
  d3.select("#strip").property("value", index);
  diagrams.forEach(({ section }, i) => section.classed("closed", i !== index));
  redraw(); // at once: it takes its size now that it is shown
}

events.on("time", (domain) => {
  time = domain;
  diagrams.forEach(({ diagram }) => diagram.t.domain(domain)); // at once: the next event starts from it
  d3.select("#window").text(`${clock(domain[0], domain[1] - domain[0] < HOUR)} to ${clock(domain[1], domain[1] - domain[0] < HOUR)} (${span(domain[1] - domain[0])})`);
  later();
});
events.on("cursor", (t) => chart && chart.point(t));
events.on("lamp", (lamp) => {
  chart.lamp = lamp;
  map.choose(lamp);
  d3.select("#lamp").property("value", lamp);
  d3.select("#lamp-said").text(describeLamp(LAMPS[lamp]));
  later();
});

/** The look follows the system until a reader chooses. */
function look(name) {
  page.attr("data-look", name === "auto" ? null : name);
  d3.selectAll("[name=look]").property("checked", function () { return this.value === name; });
  try { localStorage.setItem("lykta-look", name); } catch { /* a file may have no storage */ }
  later();
}
let remembered = "auto";
try { remembered = localStorage.getItem("lykta-look") || "auto"; } catch { /* as above */ }
d3.selectAll("[name=look]").on("change", function () { look(this.value); });

d3.select("#strip").on("change", function () { select(+this.value); });
d3.select("#lamp").on("change", function () { events.call("lamp", null, +this.value); });
d3.selectAll("[data-shown]").on("change", function () {
  for (const { diagram } of diagrams) diagram.shown[this.dataset.shown] = this.checked;
  later();
});
const middle = (diagram) => [diagram.width / 2, diagram.height / 2];
d3.select("#in").on("click", () => current.diagram.zoom(2, ...middle(current.diagram), false, true));
d3.select("#out").on("click", () => current.diagram.zoom(0.5, ...middle(current.diagram), false, true));
d3.select("#narrow").on("click", () => current.diagram.zoom(2, ...middle(current.diagram), true, false));
d3.select("#widen").on("click", () => current.diagram.zoom(0.5, ...middle(current.diagram), true, false));
d3.select("#whole").on("click", () => current.diagram.show(current.diagram.whole, NIGHT));

/** The address remembers the view: way, stretch of time, stretch of street. */
function remember() {
  if (!current || before) return;
  const parts = [current.diagram.strip.number, ...time, ...current.diagram.x.domain()].map(Math.round);
  try { history.replaceState(null, "", `#view=${parts.join(",")}`); } catch { /* not allowed everywhere */ }
}
function recall() {
  const parts = (location.hash.match(/^#view=(-?[\d,]+)$/) || ["", ""])[1].split(",").map(Number);
  if (parts.length !== 5 || !diagrams[parts[0]]) return;
  select(parts[0]);
  current.diagram.show(parts.slice(3), parts.slice(1, 3));
}
d3.select("#diagrams").on("pointerup.remember keyup.remember wheel.remember click.remember", remember, { passive: true });
window.addEventListener("hashchange", recall);

/** The worst moments: each its own picture, and a way into the large one. */
const moments = DATA.moments.map((moment, i) => {
  const picture = new Picture(`#moment-${i} .small`, STRIPS[moment.strip], { small: true });
  picture.x.domain(clamped(moment.street, [0, STRIPS[moment.strip].length], NARROWEST));
  picture.t.domain(moment.time);
  picture.mark = moment.mark;
  d3.select(`#moment-${i} button`).on("click", () => {
    select(moment.strip);
    current.diagram.mark = moment.mark;
    current.diagram.show(moment.street, moment.time);
    remember();
    current.section.node().scrollIntoView({ behavior: "smooth", block: "start" });
  });
  return picture;
});

function redrawAll() {
  redraw();
  moments.forEach((picture) => picture.draw());
}

/** On paper: every way, the whole night, dark ink. */
function toPaper() {
  if (before) return;
  before = { time, look: page.attr("data-look"), streets: diagrams.map(({ diagram }) => diagram.x.domain()) };
  time = NIGHT;
  page.attr("data-look", "light").classed("paper", true);
  diagrams.forEach(({ diagram }) => { diagram.x.domain(diagram.whole); diagram.hide(); });
  redrawAll();
}
function fromPaper() {
  if (!before) return;
  time = before.time;
  page.attr("data-look", before.look).classed("paper", false);
  diagrams.forEach(({ diagram }, i) => diagram.x.domain(before.streets[i]));
  before = null;
  redrawAll();
}
window.addEventListener("beforeprint", toPaper);
window.addEventListener("afterprint", fromPaper);
window.addEventListener("resize", () => { later(); moments.forEach((picture) => picture.draw()); });
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", later);

look(remembered);
if (current) select(DATA.first);
if (LAMPS.length) events.call("lamp", null, DATA.lamp);
events.call("time", null, NIGHT);
recall();
redrawAll();
