// Columns of integers as the server packs them (pack.py); the maps of the studio read theirs with it too.

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

/** The last index in [first, end) of a rising column at or below `value`; -1 where there is none. */
export function lastRow(column, first, end, value) {
  let low = first, high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low > first ? low - 1 : -1;
}
