// Light of a lamp as an exact function of time. The ramp law is the node's: perceived lightness ("position") moves at a
// constant rate, and the level follows the knots of the dimmer.

import { Table } from "./packed.js";

export class Light {
  /** `data`: knots, segment, levels (packed columns), caps [permille] by lamp, outages [lamp, from, until]. */
  constructor(data, lamps) {
    this.knots = data.knots;
    this.segment = data.segment;
    this.rows = new Table(data.levels, "lamp", lamps);
    this.target = this.rows.target.map((level) => this.positionOf(level));
    this.cap = data.caps.map((level) => this.positionOf(level));
    this.outages = data.outages;
  }

  levelOf(position) {
    const k = Math.min(Math.floor(position / this.segment), this.knots.length - 2);
    return this.knots[k] + ((this.knots[k + 1] - this.knots[k]) * (position - k * this.segment)) / this.segment;
  }

  /** The lowest whole position whose level is at least `level`. */
  positionOf(level) {
    let k = 0;
    while (k < this.knots.length && this.knots[k] < level) k++;
    if (k === 0) return 0;
    return (k - 1) * this.segment + Math.ceil(((level - this.knots[k - 1]) * this.segment) / (this.knots[k] - this.knots[k - 1]));
  }

  /** The row that a lamp is in at `t`; -1 before its first. */
  row(lamp, t) {
    return this.rows.at(lamp, this.rows.t, t);
  }

  /** Level [permille] of a lamp at `t`; 0 where nothing is known of it, or where it is dead. */
  level(lamp, t) {
    const row = this.row(lamp, t);
    if (row < 0 || this.dead(lamp, t)) return 0;
    const start = this.rows.position[row], way = this.target[row] - start, move = this.rows.rate[row] * (t - this.rows.t[row]);
    const position = Math.abs(way) <= move ? this.target[row] : start + Math.sign(way) * move;
    return this.levelOf(Math.min(position, this.cap[lamp]));
  }

  dead(lamp, t) {
    return this.outages.some(([which, from, until]) => which === lamp && t >= from && t < until);
  }
}
