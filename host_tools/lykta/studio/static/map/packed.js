// Tables of packed columns, grouped by their first column.

import { lastRow, unpack } from "./unpack.js"; // of the report: served beside the others

export { lastRow, unpack };

/** Packed columns whose rows are in the order of the column `key`: `rows(i)` gives [first, end) of key i. */
export class Table {
  constructor(packed, key, count) {
    for (const name in packed) this[name] = unpack(packed[name]);
    const keys = this[key];
    this.size = keys.length;
    this.starts = new Int32Array(count + 1);
    for (let i = 0; i < keys.length; i++) this.starts[keys[i] + 1]++;
    for (let i = 0; i < count; i++) this.starts[i + 1] += this.starts[i];
  }

  /** The last row of a key whose value of a rising column is at most `value`; -1 before the first. */
  at(key, column, value) {
    return lastRow(column, this.starts[key], this.starts[key + 1], value);
  }
}
