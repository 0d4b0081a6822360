// A night that is played: who is where at a time, what every lamp gives, and the clock that runs. No request per frame.

import { Light } from "./light.js";
import { lastRow, Table, unpack } from "./packed.js";

const MINUTE = 60000;
export const PING_MS = 2500; // how long a detection is shown, in the time of the street

export class Replay {
  /** `night`: see studio/replay.py; `street`: the map it is played on. */
  constructor(night, street) {
    Object.assign(this, { begin: night.begin, end: night.end, origin: night.origin, offsets: night.offsets, agenda: night.agenda });
    this.street = street;
    this.light = new Light(night, street.count);
    this.moments = night.moments;
    this.lengths = unpack(night.lengths);
    this.class = unpack(night.users.road_user);
    this.moves = new Table(night.moves, "user", this.class.length);
    this.first = Float64Array.from(this.class, (_, user) => this.moves.t0[this.moves.starts[user]]);
    this.lastly = Float64Array.from(this.class, (_, user) => this.moves.t1[this.moves.starts[user + 1] - 1]);
    this.seen = { lamp: unpack(night.detections.lamp), t: unpack(night.detections.t) };
    this.t = night.begin;
    this.speed = 10;
    this.playing = false;
  }

  /** Let `ms` of the screen's time pass. */
  pass(ms) {
    if (!this.playing) return;
    this.seek(this.t + ms * this.speed);
    if (this.t >= this.end) this.playing = false;
  }

  seek(t) {
    this.t = Math.max(this.begin, Math.min(this.end, t));
  }

  /** The next time (or the one before, `way` -1) at which something changes for a lamp, or for any where it is -1. */
  change(lamp, way) {
    const times = this.light.rows.t, starts = this.light.rows.starts;
    const [from, until] = lamp < 0 ? [0, times.length] : [starts[lamp], starts[lamp + 1]];
    let best = way > 0 ? this.end : this.begin;
    for (let row = from; row < until; row++) {
      if (way > 0 ? times[row] > this.t && times[row] < best : times[row] < this.t && times[row] > best) best = times[row];
    }
    return best;
  }

  /** Everybody on the street now: calls `each(user, class, x, y, heading)` with cm and radians. */
  people(each) {
    const { t0, t1, link, from, to, lateral } = this.moves, { x, y, links } = this.street, t = this.t;
    for (let user = 0; user < this.class.length; user++) {
      if (t < this.first[user] || t >= this.lastly[user]) continue;
      const row = this.moves.at(user, t0, t);
      if (row < 0 || t > t1[row]) continue;
      const a = links.a[link[row]], b = links.b[link[row]];
      const dx = x[b] - x[a], dy = y[b] - y[a], length = this.lengths[link[row]] || 1, straight = Math.hypot(dx, dy) || 1;
      const share = t1[row] > t0[row] ? (t - t0[row]) / (t1[row] - t0[row]) : 0;
      const at = (from[row] + (to[row] - from[row]) * share) / length;
      const turn = to[row] >= from[row] ? 1 : -1;
      each(
        user, this.class[user], x[a] + dx * at + (dy / straight) * lateral[row], y[a] + dy * at - (dx / straight) * lateral[row],
        Math.atan2(dy * turn, dx * turn), to[row] !== from[row],
      );
    }
  }

  /** The detections of the last moments: calls `each(lamp, share)`, share 0 for just now and 1 for long enough ago. */
  pings(each) {
    const times = this.seen.t;
    for (let i = lastRow(times, 0, times.length, this.t); i >= 0 && times[i] > this.t - PING_MS; i--) {
      each(this.seen.lamp[i], (this.t - times[i]) / PING_MS);
    }
  }

  /** `22:14:03` by the clocks of the place. */
  clock(t = this.t, seconds = true) {
    let offset = this.offsets[0][1];
    for (const [begins, minutes] of this.offsets) if (t >= begins) offset = minutes;
    return new Date(this.origin + t + offset * MINUTE).toISOString().slice(11, seconds ? 19 : 16);
  }

  phase() {
    let name = "";
    for (const [begins, called] of this.agenda) if (begins <= this.t) name = called;
    return name;
  }

  /** How many were on the street in each of `bins` equal parts of the night. */
  crowd(bins) {
    const counts = new Float64Array(bins), part = (this.end - this.begin) / bins;
    for (let user = 0; user < this.class.length; user++) {
      const from = Math.max(0, Math.floor((this.first[user] - this.begin) / part));
      for (let bin = from; bin < bins && this.begin + bin * part < this.lastly[user]; bin++) counts[bin]++;
    }
    return counts;
  }
}
