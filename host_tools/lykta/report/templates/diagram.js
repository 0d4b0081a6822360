// The interactive space-time diagrams, one for each strip: zoom, pan, a cursor for mouse and keyboard, and what is under it.

const NIGHT = [DATA.begin, DATA.end];
const SHORTEST = 10 * SECOND, NARROWEST = 2000; // what one can zoom to: [ms], [cm]

/** A domain of at least `least`, inside `whole`. */
function clamped([from, until], whole, least) {
  const size = Math.min(Math.max(until - from, Math.min(least, whole[1] - whole[0])), whole[1] - whole[0]);
  const start = Math.min(Math.max((from + until - size) / 2, whole[0]), whole[1] - size);
  return [start, start + size];
}

class Diagram extends Picture {
  constructor(host, strip, events) {
    super(host, strip);
    this.events = events;
    this.whole = [0, strip.length];
    this.at = null;
    this.bubble = this.host.append("div").attr("class", "bubble").attr("role", "status").style("display", "none");
    this.cursor.append("path");
    this.host.attr("tabindex", 0).attr("role", "application").attr("aria-label",
      `Space-time diagram of ${strip.title}. Arrow keys move the cursor, plus and minus zoom in time, greater-than and less-than along the street, 0 shows the whole night, Enter shows the lamp.`);
    this.listen();
  }

  listen() {
    let before = d3.zoomIdentity;
    const zoom = d3.zoom()
      .filter((event) => !event.button && (event.type !== "wheel" || event.ctrlKey || document.activeElement === this.host.node()))
      .wheelDelta((event) => -(event.deltaY || event.deltaX) * (event.deltaMode === 1 ? 0.05 : event.deltaMode ? 1 : 0.002) * (event.ctrlKey ? 5 : 1))
      .on("zoom", ({ transform, sourceEvent }) => {
        const k = transform.k / before.k, dx = transform.x - before.x, dy = transform.y - before.y;
        before = transform;
        if (Math.abs(k - 1) < 1e-9) return this.pan(dx, dy);
        const [x, y] = sourceEvent ? d3.pointer(sourceEvent, this.host.node()) : [this.width / 2, this.height / 2];
        const pinch = sourceEvent && sourceEvent.type.startsWith("touch");
        this.zoom(k, x, y, pinch || (sourceEvent && sourceEvent.shiftKey), pinch || !(sourceEvent && sourceEvent.shiftKey));
      });
    this.host.call(zoom).on("dblclick.zoom", null)
      .on("pointerdown.focus", () => this.host.node().focus({ preventScroll: true }))
      .on("pointermove", (event) => { const [x, y] = d3.pointer(event, this.host.node()); this.point(x, y); })
      .on("pointerleave", () => this.hide())
      .on("click", () => this.choose())
      .on("keydown", (event) => this.key(event));
  }

  zoom(k, x, y, street, time) {
    if (time) {
      const [from, until] = this.t.domain(), pivot = this.t.invert(y);
      this.events.call("time", null, clamped([pivot - (pivot - from) / k, pivot + (until - pivot) / k], NIGHT, SHORTEST));
    }
    if (street) {
      const [from, until] = this.x.domain(), pivot = this.x.invert(x);
      this.x.domain(clamped([pivot - (pivot - from) / k, pivot + (until - pivot) / k], this.whole, NARROWEST));
      this.draw();
    }
  }

  pan(dx, dy) {
    const move = (scale, by, whole, least) => clamped(scale.domain().map((v) => v - (scale.invert(by) - scale.invert(0))), whole, least);
    this.x.domain(move(this.x, dx, this.whole, NARROWEST));
    this.events.call("time", null, move(this.t, dy, NIGHT, SHORTEST));
  }

  /** Show a stretch of street and night, e.g. one of the worst moments. */
  show(street, time) {
    this.x.domain(clamped(street, this.whole, NARROWEST));
    this.events.call("time", null, clamped(time, NIGHT, SHORTEST));
  }

  key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], PageUp: [0, -20], PageDown: [0, 20] }[event.key];
    const middle = [this.x((this.at ? this.at.x : (this.x.domain()[0] + this.x.domain()[1]) / 2)), this.t(this.at ? this.at.t : d3.mean(this.t.domain()))];
    if (step) this.step(...step);
    else if (event.key === "+" || event.key === "=") this.zoom(1.5, ...middle, false, true);
    else if (event.key === "-") this.zoom(1 / 1.5, ...middle, false, true);
    else if (event.key === ">" || event.key === ".") this.zoom(1.5, ...middle, true, false);
    else if (event.key === "<" || event.key === ",") this.zoom(1 / 1.5, ...middle, true, false);
    else if (event.key === "0" || event.key === "Home") this.show(this.whole, NIGHT);
    else if (event.key === "Enter") this.choose();
    else if (event.key === "Escape") { this.hide(); this.host.node().blur(); } else return;
    event.preventDefault();
  }

  /** Move the keyboard's cursor by lamps and by rows of 4 pixels; the view follows. */
  step(lamps, rows) {
    const stops = this.strip.stops;
    const x = this.at ? this.at.x : d3.mean(this.x.domain());
    let nearest = d3.leastIndex(stops, (stop) => Math.abs(stop.at - x)) ?? -1;
    if (nearest >= 0) nearest = Math.max(0, Math.min(stops.length - 1, nearest + lamps));
    const perRow = (4 * (this.t.domain()[1] - this.t.domain()[0])) / (this.height - this.margin.top - this.margin.bottom);
    const t = Math.max(DATA.begin, Math.min(DATA.end, (this.at ? this.at.t : d3.mean(this.t.domain())) + rows * perRow));
    const place = nearest >= 0 ? stops[nearest].at : x;
    const beyond = ([from, until], v) => (v < from ? v - from : v > until ? v - until : 0);
    const dx = beyond(this.x.domain(), place), dt = beyond(this.t.domain(), t);
    if (dx) this.x.domain(this.x.domain().map((v) => v + dx));
    if (dx || dt) this.events.call("time", null, clamped(this.t.domain().map((v) => v + dt), NIGHT, SHORTEST));
    this.point(this.x(place), this.t(t));
  }

  point(px, py) {
    const m = this.margin;
    if (!this.width || px < m.left || px > this.width - m.right || py < m.top || py > this.height - m.bottom) return this.hide();
    this.at = { x: this.x.invert(px), t: this.t.invert(py) };
    this.cursor.style("display", null).select("path").attr("d", `M${m.left},${py}H${this.width - m.right}M${px},${m.top}V${this.height - m.bottom}`);
    this.bubble.style("display", null).html("").selectAll("p").data(this.describe(px, py)).join("p").text((d) => d);
    const box = this.bubble.node().getBoundingClientRect();
    this.bubble.style("left", `${px + 16 + box.width > this.width ? Math.max(0, px - 16 - box.width) : px + 16}px`)
      .style("top", `${py + 16 + box.height > this.height ? py - 16 - box.height : py + 16}px`);
    this.events.call("cursor", null, this.at.t);
  }

  hide() {
    this.bubble.style("display", "none");
    this.cursor.style("display", "none");
    this.events.call("cursor", null, null);
  }

  lampAt(cm) {
    const band = this.strip.bands.find((b) => cm >= b.from && cm < b.to);
    return band ? band.lamp : null;
  }

  choose() {
    const lamp = this.at && this.lampAt(this.at.x);
    if (lamp !== null && lamp !== undefined) this.events.call("lamp", null, lamp);
  }

  /** What is under the cursor, line by line. */
  describe(px, py) {
    const { x, t } = this.at;
    const place = this.strip.measured ? `, ${(x / 100).toFixed(0)} m from the ${this.strip.ends[0].split(",")[0]} end` : "";
    const said = [`${clock(t, true)}${place}`];
    const lamp = this.lampAt(x);
    if (lamp === null) said.push("no lamp within 25 m: nothing is claimed here");
    else {
      const state = stateAt(lamp, t);
      const kind = `${LAMPS[lamp].entrance ? ", entrance" : ""}${LAMPS[lamp].fixed ? ", not controlled" : ""}`;
      said.push(`lamp ${LAMPS[lamp].id}${kind}`);
      if (state && state.dead) said.push("dead: no light");
      else if (state) {
        const moving = Math.abs(state.level - state.target) >= 1 ? `, on its way to ${percent(state.target)}` : "";
        said.push(`level ${percent(state.level)}${moving}, because of ${state.cause}`);
      } else said.push("no level recorded");
    }
    said.push(...this.usersNear(px, py));
    return said;
  }

  /** The road users whose lines pass within 9 pixels, nearest first, at most three. */
  usersNear(px, py) {
    const found = [];
    for (const line of this.strip.lines) {
      if (this.t(line.t[0]) > py + 9 || this.t(line.t[line.t.length - 1]) < py - 9) continue;
      let best = 9, speed = 0;
      for (let i = 1; i < line.t.length; i++) {
        const away = fromSegment(px, py, this.x(line.x[i - 1]), this.t(line.t[i - 1]), this.x(line.x[i]), this.t(line.t[i]));
        if (away < best) [best, speed] = [away, (line.x[i] - line.x[i - 1]) / Math.max(1, line.t[i] - line.t[i - 1])];
      }
      if (best < 9) found.push([best, line.user, speed]);
    }
    const nearest = found.sort((a, b) => a[0] - b[0]);
    const said = nearest.slice(0, 3).map(([, user, speed]) => describeUser(user, speed, this.strip.ends));
    return nearest.length > 3 ? [...said, `and ${nearest.length - 3} more`] : said;
  }
}

function percent(permille) {
  return `${(permille / 10).toFixed(permille % 10 && permille < 995 ? 1 : 0)} %`;
}

function describeUser(user, speed, ends) {
  const sort = DATA.strokes[USER_CLASS[user]].name;
  const pace = Math.abs(speed) < 0.02 ? "standing" : `${Math.abs(speed * 10).toFixed(1)} m/s towards the ${ends[speed > 0 ? 1 : 0].split(",")[0]}`;
  const worst = DATA.users.said[user];
  return `${sort} ${user}, ${pace}${worst ? `; ${worst}` : ""}`;
}

function fromSegment(px, py, ax, ay, bx, by) {
  const length = (bx - ax) ** 2 + (by - ay) ** 2;
  const s = length ? Math.max(0, Math.min(1, ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length)) : 0;
  return Math.hypot(px - ax - s * (bx - ax), py - ay - s * (by - ay));
}
