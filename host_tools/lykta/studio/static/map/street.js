// A site on the map: ways, lamps by zone, sensors with their range, entrances, names. What stands still is kept as a
// picture half a screen larger than the canvas, so that panning a city only moves it.

import { DARK, LIGHT, isDark } from "./colours.js";
import { extent, Grid } from "./grid.js";
import { unpack } from "./packed.js";
import { Tiles } from "./tiles.js";

const ENTRANCE = 1, FIXED = 2, FLOOR = 4; // bits of `what`
const IDEAL = 1, PIR = 2, STILL = 4, RADAR = 8; // bits of `sensors`
const WAY_CM = [280, 500, 620, 420]; // how wide ways are drawn, by kind
const HALF_BEAM = 0.35; // radians to each side of where a radar looks
const CHEAP_MS = 7; // a picture that takes no longer is drawn anew for every frame
const SHARPEN_MS = 120;
const PICK_PX = 14;

export class Street {
  constructor(data, later) {
    this.later = later;
    this.name = data.name;
    this.ids = data.ids;
    this.count = data.lamps;
    this.ranges = data.ranges;
    this.source = data.source;
    this.colours = data.colours;
    this.change(data);
    this.spacing = this.usualSpacing();
    this.unmatched = new Set(data.unmatched || []);
    this.chosen = new Set();
    this.marked = []; // lamps that a message is about
    this.tiles = data.tiles ? new Tiles(data.tiles, later) : null;
    this.picture = document.createElement("canvas");
    this.taken = null; // what the picture shows
    this.cost = 0;
  }

  /** Take over what an edit may change: places, links, zones, sensors, entrances, what lamps are. */
  change(data) {
    this.x = unpack(data.x);
    this.y = unpack(data.y);
    this.atX = this.x.slice();
    this.atY = this.y.slice();
    this.atX.set(unpack(data.post_x));
    this.atY.set(unpack(data.post_y));
    this.grid = new Grid(this.atX, this.atY);
    this.links = { a: unpack(data.links.a), b: unpack(data.links.b), kind: unpack(data.links.kind), guessed: new Set(data.links.guessed) };
    this.move = null; // what is on its way to another place
    this.zone = unpack(data.zone);
    this.zones = data.zones;
    this.what = unpack(data.what);
    this.sensors = unpack(data.sensors);
    this.beams = data.beams;
    this.entrances = new Set(data.entrances);
    this.taken = null;
  }

  usualSpacing() {
    const lengths = Float64Array.from(this.links.a, (a, i) => Math.hypot(this.x[a] - this.x[this.links.b[i]], this.y[a] - this.y[this.links.b[i]]));
    return lengths.length ? Math.max(300, lengths.sort()[lengths.length >> 1]) : 2500;
  }

  bounds() {
    const [x0, x1] = extent(this.atX), [y0, y1] = extent(this.atY);
    return [x0, y0, x1, y1];
  }

  /** The lamp at a place on the canvas, else the junction; -1 where there is none. */
  pick(view, px, py) {
    const x = view.cmX(px), y = view.cmY(py), reach = PICK_PX / view.scale;
    const lamp = this.grid.nearest(x, y, reach, (i) => i < this.count);
    return lamp >= 0 ? lamp : this.grid.nearest(x, y, reach);
  }

  lampsWithin(x0, y0, x1, y1) {
    return this.grid.within(x0, y0, x1, y1).filter((i) => i < this.count);
  }

  /** The next lamp from one in a direction, for keys; -1 where there is none. */
  towards(from, dx, dy) {
    let best = -1, least = Infinity;
    const reach = this.spacing * 12, x = this.atX[from], y = this.atY[from];
    this.grid.visit(x - reach, y - reach, x + reach, y + reach, (i) => {
      const along = (this.atX[i] - x) * dx + (this.atY[i] - y) * dy, aside = Math.abs((this.atX[i] - x) * dy - (this.atY[i] - y) * dx);
      if (i < this.count && i !== from && along > 0 && along + 2 * aside < least) [best, least] = [i, along + 2 * aside];
    });
    return best;
  }

  draw(view) {
    const g = view.canvas.getContext("2d");
    const look = isDark() ? DARK : LIGHT;
    g.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    this.still(view, look, g);
    this.lively(g, view, look);
  }

  /** The part that stands still: drawn anew if that is cheap, or if the kept picture does not reach; else moved. */
  still(view, look, g) {
    const same = this.taken && this.taken.look === look && this.taken.width === view.width && this.taken.height === view.height;
    const fits = same && this.reaches(view);
    const sharp = same && this.taken.scale === view.scale;
    if (!fits || (!sharp && this.cost < CHEAP_MS)) this.take(view, look);
    else if (!sharp) this.sharpenSoon(view);
    const { x, y, scale, width, height } = this.taken, zoom = view.scale / scale;
    const left = view.px(x) - width * zoom, top = view.py(y) - height * zoom;
    g.fillStyle = look.ground;
    g.fillRect(0, 0, view.width, view.height);
    g.drawImage(this.picture, left, top, width * 2 * zoom, height * 2 * zoom);
  }

  /** Whether the kept picture covers the canvas at about its own size. */
  reaches(view) {
    const { x, y, scale, width, height } = this.taken, zoom = view.scale / scale;
    if (zoom > 2 || zoom < 0.6) return false;
    const left = view.px(x) - width * zoom, top = view.py(y) - height * zoom;
    return left <= 0 && top <= 0 && left + width * 2 * zoom >= view.width && top + height * 2 * zoom >= view.height;
  }

  sharpenSoon(view) {
    clearTimeout(this.sharpening);
    this.sharpening = setTimeout(() => {
      this.taken = null;
      view.later();
    }, SHARPEN_MS);
  }

  take(view, look) {
    const began = performance.now();
    const { x, y, scale, width, height, ratio } = view;
    this.taken = { x, y, scale, width, height, look };
    const wide = Math.round(width * 2 * ratio), high = Math.round(height * 2 * ratio);
    if (this.picture.width !== wide || this.picture.height !== high) Object.assign(this.picture, { width: wide, height: high });
    const g = this.picture.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.fillStyle = look.ground;
    g.fillRect(0, 0, width * 2, height * 2);
    const at = { scale, px: (cm) => (cm - x) * scale + width, py: (cm) => (y - cm) * scale + height, width: width * 2, height: height * 2 };
    at.box = [x - width / scale, y - height / scale, x + width / scale, y + height / scale];
    this.tiles?.draw(g, at, () => (this.taken = null));
    const seen = this.grid.within(at.box[0] - 6000, at.box[1] - 6000, at.box[2] + 6000, at.box[3] + 6000);
    this.drawWays(g, at, look);
    if (this.spacing * scale > 11) this.drawSensors(g, at, look, seen);
    this.drawLamps(g, at, look, seen);
    this.drawEntrances(g, at, look, seen);
    if (this.spacing * scale > 44 && seen.length < 1500) this.drawNames(g, at, look, seen);
    this.cost = performance.now() - began;
  }

  drawWays(g, at, look) {
    const { a, b, kind, guessed } = this.links;
    const [x0, y0, x1, y1] = at.box;
    const visible = [];
    for (let i = 0; i < a.length; i++) {
      const ax = this.x[a[i]], ay = this.y[a[i]], bx = this.x[b[i]], by = this.y[b[i]];
      if (Math.max(ax, bx) >= x0 && Math.min(ax, bx) <= x1 && Math.max(ay, by) >= y0 && Math.min(ay, by) <= y1) visible.push(i);
    }
    const stroke = (wanted, width, style, dash = []) => {
      g.beginPath();
      for (const i of visible) {
        if (!wanted(i)) continue;
        g.moveTo(at.px(this.x[a[i]]), at.py(this.y[a[i]]));
        g.lineTo(at.px(this.x[b[i]]), at.py(this.y[b[i]]));
      }
      Object.assign(g, { lineWidth: width, strokeStyle: style, lineCap: dash.length ? "butt" : "round" });
      g.setLineDash(dash);
      g.stroke();
      g.setLineDash([]);
    };
    if (this.spacing * at.scale < 2.5) return; // a city from afar: its lamps stand so close that they are the ways
    if (at.scale < 0.0035) { // a little closer: one thin line for every way
      g.globalAlpha = 0.6;
      stroke(() => true, 1, look.centre);
      g.globalAlpha = 1;
      return;
    }
    WAY_CM.forEach((width, number) => stroke((i) => kind[i] === number, Math.max(2.5, Math.min(40, width * at.scale)), look.ways[number]));
    stroke((i) => !guessed.has(i), 1, look.centre);
    if (guessed.size) stroke((i) => guessed.has(i), 1.6, look.guessed, [5, 4]);
  }

  drawSensors(g, at, look, seen) {
    const circle = (wanted, range, fill, line, dash) => {
      g.beginPath();
      for (const i of seen) {
        if (i >= this.count || !(this.sensors[i] & wanted)) continue;
        const px = at.px(this.x[i]), py = at.py(this.y[i]), r = range * at.scale;
        g.moveTo(px + r, py);
        g.arc(px, py, r, 0, 7);
      }
      g.fillStyle = fill;
      g.fill();
      Object.assign(g, { strokeStyle: line, lineWidth: 1 });
      g.setLineDash(dash);
      g.stroke();
      g.setLineDash([]);
    };
    circle(IDEAL | PIR, this.ranges.pir, look.sense, look.senseLine, []);
    circle(STILL, this.ranges.ld2410, "transparent", look.senseLine, [2, 3]);
    g.beginPath();
    for (const [lamp, facing, range] of this.beams) {
      const px = at.px(this.x[lamp]), py = at.py(this.y[lamp]), r = range * at.scale;
      const turn = Math.atan2(this.y[lamp] - this.y[facing], this.x[facing] - this.x[lamp]);
      g.moveTo(px, py);
      g.arc(px, py, r, turn - HALF_BEAM, turn + HALF_BEAM);
      g.closePath();
    }
    g.fillStyle = look.radar;
    g.fill();
    g.strokeStyle = look.radarLine;
    g.stroke();
  }

  drawLamps(g, at, look, seen) {
    const radius = this.radius(at.scale);
    const all = seen.filter((i) => i < this.count);
    const colours = this.colours[look.name];
    for (let zone = 0; zone < this.zones.length; zone++) {
      this.dots(g, at, all.filter((i) => this.zone[i] === zone && !(this.what[i] & FIXED)), radius, colours[zone % colours.length], look);
    }
    this.dots(g, at, all.filter((i) => this.what[i] & FIXED), radius * 0.8, look.still, look);
    if (radius < 4) return;
    g.beginPath();
    for (const i of all) {
      if (!(this.what[i] & FLOOR)) continue;
      g.moveTo(at.px(this.atX[i]) + radius + 2.5, at.py(this.atY[i]));
      g.arc(at.px(this.atX[i]), at.py(this.atY[i]), radius + 2.5, 0, 7);
    }
    Object.assign(g, { strokeStyle: look.ink, lineWidth: 1.2 });
    g.stroke();
    g.beginPath(); // a foot from the post to its place on the way, where they lie apart
    for (const i of all) {
      if (this.atX[i] === this.x[i] && this.atY[i] === this.y[i]) continue;
      g.moveTo(at.px(this.x[i]), at.py(this.y[i]));
      g.lineTo(at.px(this.atX[i]), at.py(this.atY[i]));
    }
    Object.assign(g, { strokeStyle: look.soft, lineWidth: 1 });
    g.stroke();
  }

  radius(scale) {
    return Math.max(1.1, Math.min(8.5, this.spacing * scale * 0.2));
  }

  dots(g, at, lamps, radius, colour, look) {
    if (!lamps.length) return;
    g.fillStyle = colour;
    if (radius < 2.4) {
      const side = radius * 2;
      for (const i of lamps) g.fillRect(at.px(this.atX[i]) - radius, at.py(this.atY[i]) - radius, side, side);
      return;
    }
    g.beginPath();
    for (const i of lamps) {
      const px = at.px(this.atX[i]), py = at.py(this.atY[i]);
      g.moveTo(px + radius, py);
      g.arc(px, py, radius, 0, 7);
    }
    g.fill();
    Object.assign(g, { strokeStyle: look.rim, lineWidth: 1.2 });
    g.stroke();
  }

  /** A wedge that points into the street, and a frame round the lamps that people meet first. */
  drawEntrances(g, at, look, seen) {
    const size = Math.max(3, Math.min(8, this.spacing * at.scale * 0.2));
    if (size < 3.2 && this.entrances.size > 300) return;
    const there = seen.filter((i) => this.entrances.has(i));
    g.beginPath();
    for (const i of there) {
      const px = at.px(this.atX[i]), py = at.py(this.atY[i]), lift = i < this.count ? this.radius(at.scale) + size + 2 : 0;
      g.moveTo(px, py + size - lift);
      g.lineTo(px - size, py - size - lift);
      g.lineTo(px + size, py - size - lift);
      g.closePath();
    }
    g.fillStyle = look.entrance;
    g.fill();
    Object.assign(g, { strokeStyle: look.rim, lineWidth: 1 });
    g.stroke();
    if (size < 5) return;
    g.beginPath();
    for (const i of seen) if (i >= this.count && !this.entrances.has(i)) g.rect(at.px(this.atX[i]) - 2, at.py(this.atY[i]) - 2, 4, 4);
    g.fillStyle = look.soft;
    g.fill();
    g.beginPath();
    const side = this.radius(at.scale) + 5;
    for (const i of seen) if (i < this.count && this.what[i] & ENTRANCE) g.rect(at.px(this.atX[i]) - side, at.py(this.atY[i]) - side, side * 2, side * 2);
    Object.assign(g, { strokeStyle: look.entrance, lineWidth: 1.4 });
    g.stroke();
  }

  drawNames(g, at, look, seen) {
    Object.assign(g, { font: "11px system-ui, sans-serif", textBaseline: "middle", lineWidth: 3, strokeStyle: look.halo, fillStyle: look.ink });
    const away = this.radius(at.scale) + 5;
    for (const i of seen) {
      if (i >= this.count && this.spacing * at.scale < 80) continue;
      const name = this.ids[i].length > 18 ? `${this.ids[i].slice(0, 17)}…` : this.ids[i];
      g.strokeText(name, at.px(this.atX[i]) + away, at.py(this.atY[i]) - away + 3);
      g.fillText(name, at.px(this.atX[i]) + away, at.py(this.atY[i]) - away + 3);
    }
  }

  /** What is drawn over the picture in every frame: marks, the choice, a box that is being drawn, the scale. */
  lively(g, view, look) {
    const ring = (points, radius, colour, width) => {
      g.beginPath();
      for (const i of points) {
        const px = view.px(this.atX[i]), py = view.py(this.atY[i]);
        if (px < -50 || py < -50 || px > view.width + 50 || py > view.height + 50) continue;
        g.moveTo(px + radius, py);
        g.arc(px, py, radius, 0, 7);
      }
      Object.assign(g, { strokeStyle: colour, lineWidth: width });
      g.stroke();
    };
    const radius = Math.max(5, this.radius(view.scale) + 3);
    ring(this.unmatched, Math.max(3, radius - 2), look.guessed, 1.8);
    ring(this.marked, radius + 5, look.guessed, 3);
    ring(this.chosen, radius + 1.5, look.chosen, 5);
    ring(this.chosen, radius + 1.5, look.chosenRing, 2.5);
    this.move?.draw(g, view, look);
    if (view.box && view.moving) {
      const [ax, ay, bx, by] = view.box;
      Object.assign(g, { strokeStyle: look.chosenRing, lineWidth: 1.5, fillStyle: "rgba(255,176,0,0.12)" });
      g.fillRect(ax, ay, bx - ax, by - ay);
      g.strokeRect(ax, ay, bx - ax, by - ay);
    }
    scaleBar(g, view, look, [this.source, this.tiles?.attribution].filter(Boolean).join(" · "));
  }
}

/** A bar of a round length, and whose the data are. */
export function scaleBar(g, view, look, source = "") {
  const about = 130 / view.scale / 100, unit = 10 ** Math.floor(Math.log10(about));
  const metres = unit * [5, 2, 1].find((factor) => unit * factor <= about), width = metres * 100 * view.scale;
  const left = 14, bottom = view.height - 14;
  Object.assign(g, { strokeStyle: look.ink, lineWidth: 1.5, fillStyle: look.ink, font: "12px system-ui, sans-serif", textBaseline: "alphabetic" });
  g.beginPath();
  g.moveTo(left, bottom - 6);
  g.lineTo(left, bottom);
  g.lineTo(left + width, bottom);
  g.lineTo(left + width, bottom - 6);
  g.stroke();
  g.fillText(metres >= 1000 ? `${metres / 1000} km` : `${metres} m`, left + width + 7, bottom + 1);
  if (!source) return;
  Object.assign(g, { font: "10.5px system-ui, sans-serif", fillStyle: look.soft, textAlign: "right" });
  g.fillText(source, view.width - 10, bottom + 3);
  g.textAlign = "left";
}
