// The level of one lamp over time, and under it what made it so.

const CAUSE_ROWS = [[3, "presence"], [2, "override"], [1, "fault"]];

class Chart {
  constructor(host) {
    this.host = d3.select(host);
    this.canvas = this.host.append("canvas");
    this.svg = this.host.append("svg").attr("aria-hidden", "true");
    this.margin = { left: 74, right: 14, top: 8, bottom: 88 };
    this.levelAxis = this.svg.append("g").attr("class", "axis");
    this.timeAxis = this.svg.append("g").attr("class", "axis");
    this.rows = this.svg.append("g").attr("class", "chart-rows");
    this.cursor = this.svg.append("line").attr("class", "cursor-line").style("display", "none");
    this.t = d3.scaleLinear().domain([DATA.begin, DATA.end]);
    this.y = d3.scaleLinear().domain([0, 1000]);
    this.lamp = 0;
  }

  draw() {
    const box = this.host.node().getBoundingClientRect(), m = this.margin, sharp = Math.max(2, window.devicePixelRatio || 1);
    if (box.width < 10) return;
    [this.width, this.height] = [box.width, box.height];
    this.t.range([m.left, this.width - m.right]);
    this.y.range([this.height - m.bottom, m.top]);
    this.svg.attr("viewBox", `0 0 ${this.width} ${this.height}`);
    const node = this.canvas.node();
    node.width = Math.round(this.width * sharp);
    node.height = Math.round(this.height * sharp);
    this.canvas.style("width", `${this.width}px`).style("height", `${this.height}px`).style("left", 0).style("top", 0);
    const context = (this.context = node.getContext("2d"));
    context.setTransform(sharp, 0, 0, sharp, 0, 0);
    const rows = LEVELS.rows.get(this.lamp);
    context.save();
    context.beginPath();
    context.rect(m.left, 0, this.width - m.left - m.right, this.height);
    context.clip();
    if (rows) this.drawLevel(context, rows);
    if (rows) this.drawCauses(context, rows);
    this.drawDetections(context);
    context.restore();
    this.drawAxes();
  }

  /** The exact curve: every breakpoint, every ramp in ten steps. */
  drawLevel(context, rows) {
    const ink = getComputedStyle(document.documentElement);
    const { t, y } = this;
    const [from, until] = t.domain(), times = LEVELS.columns.t;
    const path = new Path2D();
    const first = Math.max(rows[0], lastRow(times, ...rows, from));
    path.moveTo(t(times[first]), y(levelAfter(first, 0)));
    let last = first;
    for (let row = first; row < rows[1] && times[row] <= until; row++) {
      const end = row + 1 < rows[1] ? times[row + 1] : DATA.end;
      const ramp = Math.min(end - times[row], Math.abs(ROW_TARGET[row] - LEVELS.columns.position[row]) / Math.max(1, LEVELS.columns.rate[row]));
      for (let i = 0; i <= 10; i++) path.lineTo(t(times[row] + (ramp * i) / 10), y(levelAfter(row, (ramp * i) / 10)));
      path.lineTo(t(end), y(levelAfter(row, end - times[row])));
      last = end;
    }
    const floor = LAMPS[this.lamp].floor;
    const area = new Path2D(path);
    area.lineTo(t(last), y(0));
    area.lineTo(t(times[first]), y(0));
    context.fillStyle = ink.getPropertyValue("--glow");
    context.fill(area);
    context.strokeStyle = ink.getPropertyValue("--ink");
    context.lineWidth = 1.2;
    context.stroke(path);
    for (const [, begins, ends] of LAMPS[this.lamp].outages) hatch(context, t(begins), this.margin.top, t(ends), y(0));
    if (floor > 0) {
      context.setLineDash([2, 4]);
      context.beginPath();
      context.moveTo(t(from), y(floor));
      context.lineTo(t(until), y(floor));
      context.stroke();
      context.setLineDash([]);
    }
  }

  /** Rows under the curve, told apart by place and not by colour: presence, override, fault. */
  drawCauses(context, rows) {
    const times = LEVELS.columns.t;
    context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--ink");
    const place = new Map(CAUSE_ROWS.map(([code], i) => [code, i]));
    for (let row = rows[0]; row < rows[1]; row++) {
      const line = place.get(LEVELS.columns.cause[row]);
      if (line === undefined) continue;
      const end = row + 1 < rows[1] ? times[row + 1] : DATA.end;
      context.fillRect(this.t(times[row]), this.rowY(line) - 4, Math.max(0.6, this.t(end) - this.t(times[row])), 6);
    }
  }

  rowY(line) {
    return this.height - this.margin.bottom + 34 + 14 * line;
  }

  drawDetections(context) {
    const rows = DETECTIONS.rows.get(this.lamp);
    if (!rows) return;
    context.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--ink");
    context.lineWidth = 1;
    context.beginPath();
    for (let row = rows[0]; row < rows[1]; row++) {
      const x = this.t(DETECTIONS.columns.t[row]), y = this.rowY(CAUSE_ROWS.length);
      context.moveTo(x, y - 4);
      context.lineTo(x, y + 3);
    }
    context.stroke();
  }

  drawAxes() {
    const m = this.margin;
    const { ticks, seconds } = timeTicks(this.t.domain(), (this.width - m.left - m.right) / 64);
    this.timeAxis.attr("transform", `translate(0,${this.height - m.bottom})`).call(d3.axisBottom(this.t).tickValues(ticks).tickFormat((t) => clock(t, seconds)).tickSizeOuter(0));
    this.levelAxis.attr("transform", `translate(${m.left},0)`).call(d3.axisLeft(this.y).tickValues([0, 200, 400, 600, 800, 1000]).tickFormat((v) => `${v / 10} %`).tickSizeOuter(0));
    const names = [...CAUSE_ROWS.map(([, name]) => name), "detections"];
    this.rows.selectAll("text").data(names).join("text").attr("x", m.left - 8).attr("text-anchor", "end").attr("y", (_, i) => this.rowY(i) + 3).text((d) => d);
  }

  point(t) {
    const inside = t !== null && t >= this.t.domain()[0] && t <= this.t.domain()[1];
    this.cursor.style("display", inside ? null : "none");
    if (inside) this.cursor.attr("x1", this.t(t)).attr("x2", this.t(t)).attr("y1", this.margin.top).attr("y2", this.height - this.margin.bottom);
  }
}
