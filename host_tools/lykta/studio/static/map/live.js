// A street as its nodes tell it: lamps glow by their level, and a shape of its own says what is the matter, besides its colour.
// The ground is dark in both looks of the page, as it is for a night that is played.

import { glow, names, ways, GROUND, INK } from "./night.js";
import { unpack } from "./packed.js";
import { scaleBar } from "./street.js";

// Bits of what is known of a lamp: see studio/livecells.py.
const ONLINE = 1, OFFLINE = 2, FAULT = 4, ALARM = 8, OVERRIDE = 16, EXACT = 32, NO_NODE = 64;
const CHOSEN = "#ffffff", GONE = "#ff8fa8", DOUBT = "#8d99a8", WARN = "#ffb454", ORDERED = "#6cc4ff", NOW = "#ffffff", BLACK = "#0b0e14";

export class Live {
  constructor(count) {
    this.level = new Int16Array(count).fill(-1);
    this.bits = new Uint8Array(count);
    this.faded = false; // nobody knows whether it is still so
    this.updates = 0;
  }

  /** Lamps that look different: packed columns. */
  take(data) {
    const lamp = unpack(data.lamp), level = unpack(data.level), bits = unpack(data.bits);
    lamp.forEach((at, i) => {
      this.level[at] = level[i];
      this.bits[at] = bits[i];
    });
    this.faded = data.faded;
    this.updates += 1;
  }

  /** The numbers of the words that say how a lamp is, in the order of `board._LIVE`. */
  words(at) {
    const bits = this.bits[at];
    if (bits & NO_NODE) return [3];
    const found = [bits & ONLINE ? 0 : bits & OFFLINE ? 1 : 2];
    [ALARM, FAULT, OVERRIDE, EXACT].forEach((bit, i) => bits & bit && found.push(4 + i));
    return found;
  }
}

export function drawLive(view, street, live) {
  const g = view.canvas.getContext("2d");
  g.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
  g.fillStyle = GROUND;
  g.fillRect(0, 0, view.width, view.height);
  const [x0, y0, x1, y1] = view.seen();
  const margin = street.spacing * 2;
  const lamps = street.lampsWithin(x0 - margin, y0 - margin, x1 + margin, y1 + margin);
  ways(g, view, street);
  const size = Math.max(1.6, Math.min(8, street.spacing * view.scale * 0.2));
  if (live) {
    g.globalAlpha = live.faded ? 0.45 : 1;
    lights(g, view, street, live, lamps, size);
    shapes(g, view, street, live, lamps, size);
    g.globalAlpha = 1;
  }
  if (street.spacing * view.scale > 48) names(g, view, street, lamps);
  chosen(g, view, street, size + 6);
  scaleBar(g, view, INK, street.source);
}

function lights(g, view, street, live, lamps, size) {
  const wide = Math.max(10, street.spacing * view.scale * 2.2), strength = g.globalAlpha;
  g.globalCompositeOperation = "lighter";
  for (const i of lamps) {
    const level = live.level[i];
    if (level <= 0 || live.bits[i] & OFFLINE || wide < 11) continue;
    g.globalAlpha = strength * Math.min(1, (level / 1000) ** 1.4);
    g.drawImage(glow(), view.px(street.atX[i]) - wide / 2, view.py(street.atY[i]) - wide / 2, wide, wide);
  }
  g.globalCompositeOperation = "source-over";
  for (const i of lamps) {
    if (!(live.bits[i] & ONLINE)) continue;
    g.globalAlpha = strength;
    g.fillStyle = `hsl(45 ${30 + Math.max(0, live.level[i]) * 0.06}% ${52 + Math.max(0, live.level[i]) * 0.036}%)`;
    disc(g, view.px(street.atX[i]), view.py(street.atY[i]), size);
  }
  g.globalAlpha = strength;
}

/** What is the matter: a cross where a node is gone, an empty ring where none was heard, a triangle for an alarm, a diamond for a fault. */
function shapes(g, view, street, live, lamps, size) {
  const put = (bit, style, width, path, wanted = (bits) => bits & bit) => {
    g.beginPath();
    for (const i of lamps) if (wanted(live.bits[i])) path(view.px(street.atX[i]), view.py(street.atY[i]));
    Object.assign(g, { strokeStyle: style, lineWidth: width, lineCap: "round", lineJoin: "round" });
    g.stroke();
  };
  const ring = (radius) => (px, py) => (g.moveTo(px + radius, py), g.arc(px, py, radius, 0, 7));
  const cross = size + 1;
  put(0, DOUBT, 1.4, ring(Math.max(2.5, size)), (bits) => !(bits & (ONLINE | OFFLINE | NO_NODE)));
  put(NO_NODE, DOUBT, 1, (px, py) => g.rect(px - 1.5, py - 1.5, 3, 3));
  put(OFFLINE, GONE, 2.4, (px, py) => {
    g.moveTo(px - cross, py - cross), g.lineTo(px + cross, py + cross);
    g.moveTo(px - cross, py + cross), g.lineTo(px + cross, py - cross);
  });
  if (size > 2.5) put(EXACT, NOW, 1.3, ring(size + 3));
  put(OVERRIDE, ORDERED, 2, (px, py) => g.rect(px - size - 3.5, py - size - 3.5, 2 * size + 7, 2 * size + 7));
  for (const i of lamps) {
    const bits = live.bits[i];
    if (bits & ALARM) alarm(g, view.px(street.atX[i]) + size + 3, view.py(street.atY[i]) - size - 4, Math.max(6, size + 1.5));
    else if (bits & FAULT) diamond(g, view.px(street.atX[i]) + size + 3, view.py(street.atY[i]) - size - 3, Math.max(4, size * 0.8));
  }
}

function disc(g, px, py, radius) {
  g.beginPath();
  g.arc(px, py, radius, 0, 7);
  g.fill();
}

function alarm(g, px, py, side) {
  g.beginPath();
  g.moveTo(px, py - side);
  g.lineTo(px + side, py + side * 0.8);
  g.lineTo(px - side, py + side * 0.8);
  g.closePath();
  Object.assign(g, { fillStyle: WARN, strokeStyle: BLACK, lineWidth: 1.4, lineJoin: "round" });
  g.fill();
  g.stroke();
  g.fillStyle = BLACK;
  g.fillRect(px - 0.9, py - side * 0.45, 1.8, side * 0.6);
  g.fillRect(px - 0.9, py + side * 0.38, 1.8, 1.8);
}

function diamond(g, px, py, side) {
  g.beginPath();
  g.moveTo(px, py - side);
  g.lineTo(px + side, py);
  g.lineTo(px, py + side);
  g.lineTo(px - side, py);
  g.closePath();
  Object.assign(g, { fillStyle: BLACK, strokeStyle: WARN, lineWidth: 1.8 });
  g.fill();
  g.stroke();
}

function chosen(g, view, street, radius) {
  for (const [width, colour] of [[4, BLACK], [2.2, CHOSEN]]) {
    g.beginPath();
    for (const i of street.chosen) {
      const px = view.px(street.atX[i]), py = view.py(street.atY[i]);
      g.moveTo(px + radius, py);
      g.arc(px, py, radius, 0, 7);
    }
    Object.assign(g, { strokeStyle: colour, lineWidth: width });
    g.stroke();
  }
}
