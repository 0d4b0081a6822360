// A moment of the night as a picture: lamps glow as bright as they are, people move through it, sensors that see somebody ring.
// The ground is dark in both looks of the page: it is night, and light is what is to be seen.

import { scaleBar } from "./street.js";

export const GROUND = "#0b0e14", INK = { ink: "#cdd5de", soft: "#8b95a1" };
const WAY = "#1d242e", CENTRE = "#303a47", NAME = "#aab4c0", RING = "#7fd4ff", CHOSEN = "#ffffff", DEAD = "#ff6b6b";
const PEOPLE = ["#ffffff", "#6cc4ff", "#ff8fb0", "#cccccc", "#d2b48c"]; // pedestrian, cyclist, car, unknown, animal
const GLOW = 128;

let sprite = null;

/** A spot of lamplight, drawn once and used for every lamp. */
export function glow() {
  if (sprite) return sprite;
  sprite = document.createElement("canvas");
  sprite.width = sprite.height = GLOW;
  const g = sprite.getContext("2d");
  const shade = g.createRadialGradient(GLOW / 2, GLOW / 2, 0, GLOW / 2, GLOW / 2, GLOW / 2);
  shade.addColorStop(0, "rgba(255,226,150,0.95)");
  shade.addColorStop(0.18, "rgba(255,205,110,0.6)");
  shade.addColorStop(0.5, "rgba(255,180,80,0.2)");
  shade.addColorStop(1, "rgba(255,160,60,0)");
  g.fillStyle = shade;
  g.fillRect(0, 0, GLOW, GLOW);
  return sprite;
}

export function drawNight(view, street, replay) {
  const g = view.canvas.getContext("2d");
  g.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
  g.fillStyle = GROUND;
  g.fillRect(0, 0, view.width, view.height);
  const [x0, y0, x1, y1] = view.seen();
  const margin = street.spacing * 2;
  const lamps = street.lampsWithin(x0 - margin, y0 - margin, x1 + margin, y1 + margin);
  ways(g, view, street);
  if (replay) {
    lights(g, view, street, replay, lamps);
    pings(g, view, street, replay);
    people(g, view, replay);
  }
  if (street.spacing * view.scale > 70) names(g, view, street, lamps);
  for (const lamp of street.chosen) ring(g, view.px(street.atX[lamp]), view.py(street.atY[lamp]), 12, CHOSEN, 2);
  scaleBar(g, view, INK, street.source);
}

export function ways(g, view, street) {
  const { a, b } = street.links;
  for (const [width, colour] of [[Math.max(3, Math.min(46, 520 * view.scale)), WAY], [1, CENTRE]]) {
    g.beginPath();
    for (let i = 0; i < a.length; i++) {
      g.moveTo(view.px(street.x[a[i]]), view.py(street.y[a[i]]));
      g.lineTo(view.px(street.x[b[i]]), view.py(street.y[b[i]]));
    }
    Object.assign(g, { lineWidth: width, strokeStyle: colour, lineCap: "round" });
    g.stroke();
  }
}

function lights(g, view, street, replay, lamps) {
  const wide = Math.max(10, street.spacing * view.scale * 1.9);
  const dot = Math.max(1.2, Math.min(5, street.spacing * view.scale * 0.1));
  g.globalCompositeOperation = "lighter";
  for (const i of lamps) {
    const level = replay.light.level(i, replay.t);
    if (level <= 0) continue;
    g.globalAlpha = Math.min(1, (level / 1000) ** 1.7);
    g.drawImage(glow(), view.px(street.atX[i]) - wide / 2, view.py(street.atY[i]) - wide / 2, wide, wide);
  }
  g.globalCompositeOperation = "source-over";
  for (const i of lamps) {
    const px = view.px(street.atX[i]), py = view.py(street.atY[i]), level = replay.light.level(i, replay.t);
    const dead = replay.light.outages.length > 0 && replay.light.dead(i, replay.t);
    g.globalAlpha = dead ? 1 : 0.35 + 0.65 * (level / 1000);
    g.fillStyle = dead ? DEAD : "#fff3cf";
    g.beginPath();
    g.arc(px, py, dot, 0, 7);
    g.fill();
  }
  g.globalAlpha = 1;
}

function pings(g, view, street, replay) {
  replay.pings((lamp, share) => {
    g.globalAlpha = 1 - share;
    ring(g, view.px(street.x[lamp]), view.py(street.y[lamp]), 5 + share * Math.max(12, 800 * view.scale), RING, 2);
  });
  g.globalAlpha = 1;
}

function ring(g, px, py, radius, colour, width) {
  g.beginPath();
  g.arc(px, py, radius, 0, 7);
  Object.assign(g, { strokeStyle: colour, lineWidth: width });
  g.stroke();
}

/** Walkers are discs, cyclists arrows, cars boxes, animals diamonds: told apart by shape as well as by colour. */
function people(g, view, replay) {
  const size = Math.max(5, Math.min(11, 260 * view.scale));
  replay.people((user, kind, x, y, heading, moves) => {
    const px = view.px(x), py = view.py(y);
    if (px < -20 || py < -20 || px > view.width + 20 || py > view.height + 20) return;
    g.save();
    g.translate(px, py);
    g.rotate(-heading);
    g.beginPath();
    if (kind === 1) shape(g, [[size * 1.5, 0], [-size, size * 0.85], [-size * 0.45, 0], [-size, -size * 0.85]]);
    else if (kind === 2) g.roundRect(-size * 1.7, -size * 0.8, size * 3.4, size * 1.6, size * 0.5);
    else if (kind === 4) shape(g, [[size, 0], [0, size * 0.7], [-size, 0], [0, -size * 0.7]]);
    else g.arc(0, 0, size * (moves ? 0.85 : 0.95), 0, 7);
    Object.assign(g, { fillStyle: PEOPLE[kind] || PEOPLE[3], strokeStyle: "#0b0e14", lineWidth: 1.6 });
    g.fill();
    g.stroke();
    if (!moves) ring(g, 0, 0, size + 2.5, PEOPLE[kind] || PEOPLE[3], 1);
    g.restore();
  });
}

function shape(g, corners) {
  corners.forEach(([x, y], i) => (i ? g.lineTo(x, y) : g.moveTo(x, y)));
  g.closePath();
}

export function names(g, view, street, lamps) {
  Object.assign(g, { font: "11px system-ui, sans-serif", fillStyle: NAME, textBaseline: "middle" });
  for (const i of lamps) {
    const name = street.ids[i].length > 18 ? `${street.ids[i].slice(0, 17)}…` : street.ids[i];
    g.fillText(name, view.px(street.atX[i]) + 9, view.py(street.atY[i]) - 10);
  }
}
