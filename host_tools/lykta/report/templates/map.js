// The map of the lamps by energy, on which lamps are chosen.

class StreetMap {
  constructor(host, events) {
    this.host = d3.select(host);
    this.events = events;
    const xs = d3.extent(POINTS.x), ys = d3.extent(POINTS.y);
    const wide = Math.max(xs[1] - xs[0], 1500), high = Math.max(ys[1] - ys[0], 300);
    const width = 1000, margin = 40, scale = Math.min((width - 2 * margin) / wide, 620 / high);
    const height = Math.max(150, high * scale + 2 * margin + 24);
    const left = (width - (xs[1] - xs[0]) * scale) / 2;
    this.px = (x) => left + (x - xs[0]) * scale;
    this.py = (y) => margin + (ys[1] - y) * scale;
    this.radius = Math.max(1.5, Math.min(9, 0.42 * scale * DATA.spacing));
    const svg = this.host.append("svg").attr("viewBox", `0 0 ${width} ${height}`).attr("tabindex", 0).attr("role", "application")
      .attr("aria-label", "Map of the lamps. Arrow keys go to the next lamp in that direction.");
    const plane = svg.append("g");
    this.drawLinks(plane);
    this.drawLamps(plane);
    this.drawScale(svg, scale, height);
    svg.call(d3.zoom().scaleExtent([1, 60]).translateExtent([[0, 0], [width, height]])
      .filter((event) => !event.button && (event.type !== "wheel" || event.ctrlKey || document.activeElement === svg.node()))
      .on("zoom", ({ transform }) => { plane.attr("transform", transform); this.bar(scale * transform.k); }));
    svg.on("keydown", (event) => this.key(event)).on("pointerdown.focus", () => svg.node().focus({ preventScroll: true }));
  }

  drawLinks(plane) {
    const { x, y } = POINTS;
    plane.append("g").selectAll("line").data(Array.from(LINKS.a, (a, i) => [a, LINKS.b[i], LINKS.guessed.has(i)])).join("line")
      .attr("class", (d) => (d[2] ? "way guessed" : "way"))
      .attr("x1", (d) => this.px(x[d[0]])).attr("y1", (d) => this.py(y[d[0]])).attr("x2", (d) => this.px(x[d[1]])).attr("y2", (d) => this.py(y[d[1]]));
  }

  drawLamps(plane) {
    this.lamps = plane.append("g").selectAll("path").data(LAMPS).join("path")
      .attr("class", "lamp")
      .attr("d", (lamp) => d3.symbol(lamp.entrance ? d3.symbolSquare : d3.symbolCircle, 3.1 * this.radius ** 2)())
      .attr("transform", (lamp) => `translate(${this.px(lamp.x)},${this.py(lamp.y)})`)
      .attr("fill", (lamp) => shade(lamp))
      .on("click", (_, lamp) => this.events.call("lamp", null, lamp.index));
    this.lamps.append("title").text(describeLamp);
  }

  drawScale(svg, scale, height) {
    this.scaleBar = svg.append("g").attr("class", "scale").attr("transform", `translate(40,${height - 12})`);
    this.scaleBar.append("path");
    this.scaleBar.append("text");
    svg.append("text").attr("class", "north").attr("x", 980).attr("y", 20).attr("text-anchor", "end").text("↑ north");
    this.bar(scale);
  }

  bar(scale) {
    const metres = d3.tickStep(0, 220 / scale / 100, 1) || 1;
    this.scaleBar.select("path").attr("d", `M0,-6v6h${metres * 100 * scale}v-6`);
    this.scaleBar.select("text").attr("x", metres * 100 * scale + 8).text(`${metres} m`);
  }

  key(event) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const here = LAMPS[this.chosen];
    const ahead = LAMPS.filter((lamp) => (lamp.x - here.x) * way[0] + (lamp.y - here.y) * way[1] > 0);
    const cost = (lamp) => {
      const along = (lamp.x - here.x) * way[0] + (lamp.y - here.y) * way[1], across = Math.abs((lamp.x - here.x) * way[1] - (lamp.y - here.y) * way[0]);
      return along + 2 * across;
    };
    if (ahead.length) this.events.call("lamp", null, d3.least(ahead, cost).index);
  }

  choose(lamp) {
    this.chosen = lamp;
    this.lamps.classed("chosen", (d) => d.index === lamp).filter((d) => d.index === lamp).raise();
  }
}

/** The colour of a lamp: its share of always on, else its mean level. */
function shade(lamp) {
  const value = lamp.share ?? lamp.mean;
  return value === null ? "none" : DATA.palette[Math.max(0, Math.min(254, Math.round(value * 0.254)))];
}

function describeLamp(lamp) {
  const parts = [`lamp ${lamp.id}`, `zone ${lamp.zone}`];
  if (lamp.entrance) parts.push("entrance");
  if (lamp.fixed) parts.push("not controlled");
  if (lamp.floor > 0) parts.push(`never below ${percent(lamp.floor)}`);
  if (lamp.energy !== null) parts.push(`${(lamp.energy / 1e6).toFixed(3)} kWh`);
  if (lamp.share !== null) parts.push(`${percent(lamp.share)} of what it would use always on`);
  if (lamp.mean !== null) parts.push(`mean level ${percent(lamp.mean)}`, `${lamp.changes} changes of level`);
  if (!LEVELS.rows.has(lamp.index)) parts.push("its level over time is not in this page");
  for (const [, from, until] of lamp.outages) parts.push(`dead from ${clock(from)} to ${clock(until)}`);
  return parts.join(", ");
}
