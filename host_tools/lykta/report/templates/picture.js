// A space-time picture of one strip: brightness and lines on a canvas, axes and lamps in an SVG over it.

const LOOK = { detections: 3 * HOUR, readings: 30 * MINUTE }; // marks appear below these spans of time

/** Everybody's lines on the strips, unpacked once: per strip an array of {user, t[], x[]}. */
const STRIPS = DATA.strips.map((strip, number) => {
  const user = unpack(strip.lines.user), count = unpack(strip.lines.count), t = unpack(strip.lines.t), x = unpack(strip.lines.x);
  const lines = [];
  for (let i = 0, at = 0; i < user.length; at += count[i], i++)
    lines.push({ user: user[i], t: t.subarray(at, at + count[i]), x: x.subarray(at, at + count[i]) });
  return { ...strip, number, lines };
});

/** A dead lamp: black with white strokes. */
function hatch(context, left, top, right, bottom) {
  if (bottom <= top || right <= left) return;
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  context.fillStyle = "#000";
  context.fillRect(left, top, right - left, bottom - top);
  context.strokeStyle = "#fff";
  context.lineWidth = 1;
  context.setLineDash([]);
  context.beginPath();
  for (let x = left - (bottom - top); x < right; x += 9) {
    context.moveTo(x, top);
    context.lineTo(x + bottom - top, bottom);
  }
  context.stroke();
  context.restore();
}

class Picture {
  constructor(host, strip, { small = false } = {}) {
    this.strip = strip;
    this.small = small;
    this.margin = small ? { left: 58, right: 8, top: 16, bottom: 32 } : { left: 60, right: 14, top: 34, bottom: 46 };
    this.host = d3.select(host);
    this.canvas = this.host.append("canvas");
    this.svg = this.host.append("svg").attr("aria-hidden", "true");
    this.timeAxis = this.svg.append("g").attr("class", "axis");
    this.streetAxis = this.svg.append("g").attr("class", "axis");
    this.ends = this.svg.append("g").attr("class", "ends");
    this.posts = this.svg.append("g");
    this.phases = this.svg.append("g").attr("class", "phases");
    this.cursor = this.svg.append("g").attr("class", "cursor");
    this.x = d3.scaleLinear().domain([0, strip.length]);
    this.t = d3.scaleLinear().domain([DATA.begin, DATA.end]);
    this.shown = { users: true, detections: true, readings: false };
    this.mark = null;
  }

  /** Take the size of the host; false while it is hidden. */
  resize() {
    const box = this.host.node().getBoundingClientRect();
    if (box.width < 10) return false;
    const m = this.margin, sharp = Math.max(2, window.devicePixelRatio || 1);
    this.width = box.width;
    this.height = box.height;
    this.x.range([m.left, this.width - m.right]);
    this.t.range([m.top, this.height - m.bottom]);
    this.svg.attr("viewBox", `0 0 ${this.width} ${this.height}`);
    const wide = this.width - m.left - m.right, high = this.height - m.top - m.bottom;
    const node = this.canvas.node();
    node.width = Math.round(wide * sharp);
    node.height = Math.round(high * sharp);
    this.canvas.style("left", `${m.left}px`).style("top", `${m.top}px`).style("width", `${wide}px`).style("height", `${high}px`);
    this.context = node.getContext("2d");
    this.context.setTransform(sharp, 0, 0, sharp, -m.left * sharp, -m.top * sharp);
    return true;
  }

  draw() {
    if (!this.resize()) return;
    this.drawLight();
    if (this.shown.readings) this.drawReadings();
    if (this.shown.users) this.drawLines();
    if (this.shown.detections) this.drawDetections();
    if (this.mark) this.drawMark();
    this.drawAxes();
    this.drawPosts();
    this.drawPhases();
  }

  drawLight() {
    const { context, x, t, strip, margin: m } = this;
    const high = this.height - m.bottom;
    context.clearRect(0, 0, this.width, this.height);
    for (const band of strip.bands) {
      const left = Math.max(m.left, x(band.from)), right = Math.min(this.width - m.right, x(band.to));
      const rows = LEVELS.rows.get(band.lamp);
      if (right <= left || !rows) continue;
      let colour = -1, since = m.top, before = lightUntil(rows, t.invert(m.top));
      for (let y = m.top; y < high; y++) {
        const from = t.invert(y), until = t.invert(y + 1), after = lightUntil(rows, until);
        const shade = Math.max(0, Math.min(254, Math.round(((after - before) / (until - from)) * 0.254)));
        before = after;
        if (shade === colour) continue;
        if (colour >= 0) this.fill(left, since, right, y, colour);
        colour = shade;
        since = y;
      }
      this.fill(left, since, right, high, colour);
      for (const [, begins, ends] of LAMPS[band.lamp].outages)
        hatch(context, left, Math.max(m.top, t(begins)), right, Math.min(high, t(ends)));
    }
  }

  fill(left, top, right, bottom, shade) {
    this.context.fillStyle = DATA.palette[shade];
    this.context.fillRect(left, top, right - left + 0.3, bottom - top + 0.3);
  }

  drawLines() {
    const [from, until] = this.t.domain();
    for (const line of this.strip.lines) {
      if (line.t[line.t.length - 1] < from || line.t[0] > until) continue;
      this.stroke(line);
    }
  }

  stroke(line) {
    const { context, x, t } = this;
    const stroke = DATA.strokes[USER_CLASS[line.user]];
    const path = new Path2D();
    line.t.forEach((at, i) => (i ? path.lineTo(x(line.x[i]), t(at)) : path.moveTo(x(line.x[i]), t(at))));
    const far = t.domain()[1] - t.domain()[0] > LOOK.detections;
    context.lineJoin = "round";
    context.setLineDash([]);
    context.strokeStyle = `rgba(255,255,255,${far ? 0.35 : 0.7})`;
    context.lineWidth = far ? 1.6 : 3;
    context.stroke(path);
    context.setLineDash(stroke.dash);
    context.strokeStyle = stroke.colour;
    context.lineWidth = far ? 0.8 : 1.4;
    context.stroke(path);
    context.setLineDash([]);
  }

  /** Calls `visit(x, y, row)` for the rows of a table at the lamps of this strip that are in view. */
  marks(source, visit) {
    const [from, until] = this.t.domain();
    for (const stop of this.strip.stops) {
      const rows = source.rows.get(stop.lamp);
      if (!rows || stop.anchored) continue;
      for (let row = Math.max(rows[0], lastRow(source.columns.t, ...rows, from)); row < rows[1] && source.columns.t[row] <= until; row++)
        if (source.columns.t[row] >= from) visit(this.x(stop.at), this.t(source.columns.t[row]), row);
    }
  }

  /** Detections: a filled square; a false alarm: a cross. From afar a dot, so that the light stays visible. */
  drawDetections() {
    const { context } = this;
    const [from, until] = this.t.domain(), near = until - from <= LOOK.detections;
    context.lineWidth = 1.2;
    this.marks(DETECTIONS, (x, y, row) => {
      const nobody = DETECTIONS.columns.user[row] < 0;
      if (nobody) {
        context.strokeStyle = "#fff";
        context.lineWidth = 3;
        this.cross(x, y, near ? 4 : 2.5);
        context.strokeStyle = "#000";
        context.lineWidth = 1.3;
        this.cross(x, y, near ? 4 : 2.5);
      } else if (near) {
        context.fillStyle = "#fff";
        context.strokeStyle = "#000";
        context.lineWidth = 1;
        context.fillRect(x - 2.5, y - 2.5, 5, 5);
        context.strokeRect(x - 2.5, y - 2.5, 5, 5);
      }
    });
  }

  cross(x, y, r) {
    const { context } = this;
    context.beginPath();
    context.moveTo(x - r, y - r);
    context.lineTo(x + r, y + r);
    context.moveTo(x + r, y - r);
    context.lineTo(x - r, y + r);
    context.stroke();
  }

  drawReadings() {
    const [from, until] = this.t.domain();
    if (until - from > LOOK.readings) return;
    this.context.fillStyle = "rgba(0,0,0,.55)";
    this.marks(READINGS, (x, y) => this.context.fillRect(x - 7, y - 0.5, 14, 1));
  }

  /** What the picture is about: the user's line while light was lacking; a frame where the line is on another way. */
  drawMark() {
    const { context, x, t, mark } = this;
    const pieces = this.strip.lines.filter((line) => line.user === mark.user).map((line) => within(line, mark.t0, mark.t1)).filter((piece) => piece.length > 1);
    context.setLineDash([]);
    context.lineCap = "round";
    for (const [colour, width] of [["#fff", 8], ["#c40000", 4.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      for (const piece of pieces) {
        context.beginPath();
        piece.forEach(([at, place], i) => (i ? context.lineTo(x(place), t(at)) : context.moveTo(x(place), t(at))));
        context.stroke();
      }
    }
    context.lineCap = "butt";
    if (pieces.length) return;
    const left = x(mark.from), top = t(mark.t0), wide = Math.max(6, x(mark.to) - left), high = Math.max(6, t(mark.t1) - top);
    context.setLineDash([]);
    for (const [colour, width] of [["#fff", 4], ["#c40000", 2]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.strokeRect(left, top, wide, high);
    }
  }

  drawAxes() {
    const m = this.margin;
    const { ticks, seconds } = timeTicks(this.t.domain(), Math.max(3, (this.height - m.top - m.bottom) / (this.small ? 34 : 38)));
    this.timeAxis.attr("transform", `translate(${m.left},0)`).call(
      d3.axisLeft(this.t).tickValues(ticks).tickFormat((t) => clock(t, seconds)).tickSizeOuter(0));
    this.streetAxis.attr("transform", `translate(0,${this.height - m.bottom})`).style("display", this.strip.measured ? null : "none").call(
      d3.axisBottom(this.x).ticks(Math.max(2, this.width / 110)).tickFormat((cm) => `${d3.format("~r")(cm / 100)} m`).tickSizeOuter(0));
    const words = this.small ? [] : [[m.left, "start", `← ${this.strip.ends[0]}`], [this.width - m.right, "end", `${this.strip.ends[1]} →`]];
    this.ends.selectAll("text").data(words).join("text").attr("x", (d) => d[0]).attr("y", this.height - 6).attr("text-anchor", (d) => d[1]).text((d) => d[2]);
  }

  /** Lamps above the picture: a disc; filled square: an entrance; below it the sort of sensor. */
  drawPosts() {
    const [from, until] = this.x.domain();
    const stops = this.strip.stops.filter((stop) => stop.at >= from && stop.at <= until);
    const room = (this.width - this.margin.left) / Math.max(1, stops.length);
    const y = this.margin.top - (this.small ? 6 : 15);
    const posts = this.posts.selectAll("g").data(stops, (stop) => stop.lamp).join((enter) => {
      const g = enter.append("g");
      g.append("path").attr("class", (stop) => `post${LAMPS[stop.lamp].entrance ? " entrance" : ""}${stop.anchored ? " anchored" : ""}`)
        .attr("d", (stop) => d3.symbol(LAMPS[stop.lamp].entrance ? d3.symbolSquare : d3.symbolCircle, this.small ? 22 : 34)());
      g.append("path").attr("class", "sensor").attr("d", (stop) => (this.small || stop.anchored ? "" : sensorMark(LAMPS[stop.lamp].sensors)));
      g.append("text").attr("class", "post-name").attr("text-anchor", "middle").attr("y", this.small ? -5 : -7);
      return g;
    });
    posts.attr("transform", (stop) => `translate(${this.x(stop.at)},${y})`);
    const alone = stops.map((stop, i) => i === 0 || this.x(stop.at) - this.x(stops[i - 1].at) > 12);
    posts.select("text").text((stop, i) => (alone[i] && room > 8 * LAMPS[stop.lamp].id.length && (!this.small || i % 2 === 0) ? LAMPS[stop.lamp].id : ""));
  }

  drawPhases() {
    const [from, until] = this.t.domain();
    const shown = DATA.agenda.filter(([begins]) => begins > from && begins < until);
    const phases = this.phases.selectAll("g").data(shown).join((enter) => {
      const g = enter.append("g");
      g.append("line").attr("class", "under");
      g.append("line").attr("class", "over");
      g.append("text").attr("dy", 13).attr("text-anchor", "end");
      return g;
    });
    phases.attr("transform", ([begins]) => `translate(0,${this.t(begins)})`);
    phases.selectAll("line").attr("x1", this.margin.left).attr("x2", this.width - this.margin.right);
    phases.select("text").attr("x", this.width - this.margin.right - 5).text(([, name]) => (this.small ? "" : name));
  }
}

/** The corners of a line between two moments: [t, x]. */
function within(line, from, until) {
  const piece = [];
  for (let i = 1; i < line.t.length; i++) {
    const t0 = line.t[i - 1], t1 = line.t[i];
    if (t1 < from || t0 > until || t1 === t0) continue;
    const at = (t) => [t, line.x[i - 1] + ((line.x[i] - line.x[i - 1]) * (t - t0)) / (t1 - t0)];
    if (!piece.length) piece.push(at(Math.max(t0, from)));
    piece.push(at(Math.min(t1, until)));
  }
  return piece;
}

/** PIR: a triangle; presence radar: a diamond; traffic radar: a square; ideal: a ring. */
function sensorMark(kinds) {
  let path = "";
  kinds.forEach((kind, i) => {
    const y = 9 + 6 * i;
    if (kind === "pir") path += `M-3,${y - 2}h6l-3,4z`;
    else if (kind === "ideal") path += `M-2.5,${y}a2.5,2.5 0 1,0 5,0a2.5,2.5 0 1,0 -5,0z`;
    else if (kind === "ld2451") path += `M-2.5,${y - 2.5}h5v5h-5z`;
    else path += `M0,${y - 3}l3,3l-3,3l-3,-3z`;
  });
  return path;
}
