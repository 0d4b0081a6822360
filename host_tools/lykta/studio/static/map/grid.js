// A spatial index of points: a grid of square cells, each with the numbers of its points in one array.

export class Grid {
  constructor(x, y) {
    this.x = x;
    this.y = y;
    const [left, right] = extent(x), [low, high] = extent(y);
    this.left = left;
    this.low = low;
    const area = Math.max(1, right - left) * Math.max(1, high - low);
    this.cell = Math.max(500, Math.sqrt((area / Math.max(1, x.length)) * 12)); // about a dozen points in a cell
    this.across = Math.floor((right - left) / this.cell) + 1;
    this.down = Math.floor((high - low) / this.cell) + 1;
    this.starts = new Int32Array(this.across * this.down + 1);
    const cells = Int32Array.from(x, (_, i) => this.cellOf(x[i], y[i]));
    for (const cell of cells) this.starts[cell + 1]++;
    for (let i = 1; i < this.starts.length; i++) this.starts[i] += this.starts[i - 1];
    this.items = new Int32Array(x.length);
    const next = this.starts.slice();
    cells.forEach((cell, i) => (this.items[next[cell]++] = i));
  }

  column(x) {
    return Math.max(0, Math.min(this.across - 1, Math.floor((x - this.left) / this.cell)));
  }

  row(y) {
    return Math.max(0, Math.min(this.down - 1, Math.floor((y - this.low) / this.cell)));
  }

  cellOf(x, y) {
    return this.row(y) * this.across + this.column(x);
  }

  /** Calls `each` with the number of every point in the cells that touch a box; some lie a little outside it. */
  visit(x0, y0, x1, y1, each) {
    const first = this.column(x0), end = this.column(x1);
    for (let row = this.row(y0); row <= this.row(y1); row++) {
      const from = this.starts[row * this.across + first], until = this.starts[row * this.across + end + 1];
      for (let at = from; at < until; at++) each(this.items[at]);
    }
  }

  /** The points inside a box. */
  within(x0, y0, x1, y1) {
    const found = [];
    this.visit(x0, y0, x1, y1, (i) => {
      if (this.x[i] >= x0 && this.x[i] <= x1 && this.y[i] >= y0 && this.y[i] <= y1) found.push(i);
    });
    return found;
  }

  /** The nearest point within a distance; -1 where there is none. `accepts` may refuse points. */
  nearest(x, y, distance, accepts = () => true) {
    let best = -1, least = distance * distance;
    this.visit(x - distance, y - distance, x + distance, y + distance, (i) => {
      const away = (this.x[i] - x) ** 2 + (this.y[i] - y) ** 2;
      if (away <= least && accepts(i)) {
        least = away;
        best = i;
      }
    });
    return best;
  }
}

/** Least and greatest of some numbers; [0, 0] of none. */
export function extent(values) {
  let least = Infinity, most = -Infinity;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return values.length ? [least, most] : [0, 0];
}
