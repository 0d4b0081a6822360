// Columns of integers as the server packs them (report/pack.py), and tables of them grouped by their first column.

/** Integers of a packed column: differences as zigzag numbers in bytes of seven bits, in base64. */
export function unpack(text) {
  const bytes = atob(text);
  const values = [];
  let value = 0, scale = 1, last = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes.charCodeAt(i);
    value += (byte & 127) * scale;
    scale *= 128;
    if (byte < 128) {
      last += value % 2 ? -(value + 1) / 2 : value / 2;
      values.push(last);
      value = 0;
      scale = 1;
    }
  }
  return Float64Array.from(values);
}

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
    return last(column, this.starts[key], this.starts[key + 1], value);
  }
}

/** The last index in [first, end) of a rising column at or below `value`; -1 where there is none. */
export function last(column, first, end, value) {
  let low = first, high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low > first ? low - 1 : -1;
}
