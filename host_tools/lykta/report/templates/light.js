// Light of a lamp as an exact function of time. The ramp law is the node's: perceived lightness ("position") moves at a
// constant rate, level follows the knots. A pixel shows the mean over its time, so that no wave falls between samples.

const KNOTS = DATA.knots, SEGMENT = DATA.segment, FULL = (KNOTS.length - 1) * SEGMENT;
const AREA = [0];
for (let k = 1; k < KNOTS.length; k++) AREA.push(AREA[k - 1] + ((KNOTS[k] + KNOTS[k - 1]) * SEGMENT) / 2);

function levelOf(position) {
  const k = Math.min(Math.floor(position / SEGMENT), KNOTS.length - 2);
  return KNOTS[k] + ((KNOTS[k + 1] - KNOTS[k]) * (position - k * SEGMENT)) / SEGMENT;
}

/** The integral of level over position; above the position of the lamp's output cap it rises no more. */
function areaOf(position, cap) {
  if (position > cap) return areaOf(cap, cap) + (position - cap) * levelOf(cap);
  const k = Math.min(Math.floor(position / SEGMENT), KNOTS.length - 2);
  const part = position - k * SEGMENT;
  return AREA[k] + part * (KNOTS[k] + ((KNOTS[k + 1] - KNOTS[k]) * part) / (2 * SEGMENT));
}

/** The lowest whole position whose level is at least `level`. */
function positionOf(level) {
  let k = 0;
  while (k < KNOTS.length && KNOTS[k] < level) k++;
  if (k === 0) return 0;
  const step = KNOTS[k] - KNOTS[k - 1];
  return (k - 1) * SEGMENT + Math.ceil(((level - KNOTS[k - 1]) * SEGMENT) / step);
}

const ROW_TARGET = LEVELS.columns.target.map(positionOf);
const ROW_CAP = LEVELS.columns.lamp.map((lamp) => positionOf(LAMPS[lamp].cap));
const ROW_LIGHT = new Float64Array(LEVELS.size); // light of the lamp from its first row until this row [permille ms]

function positionAfter(row, ms) {
  const start = LEVELS.columns.position[row], target = ROW_TARGET[row], way = target - start;
  const move = LEVELS.columns.rate[row] * ms;
  return Math.abs(way) <= move ? target : start + Math.sign(way) * move;
}

function levelAfter(row, ms) {
  return levelOf(Math.min(positionAfter(row, ms), ROW_CAP[row]));
}

function lightAfter(row, ms) {
  const start = LEVELS.columns.position[row], target = ROW_TARGET[row], rate = LEVELS.columns.rate[row];
  const way = Math.abs(target - start);
  const cap = ROW_CAP[row];
  if (way === 0 || rate === 0) return levelOf(Math.min(start, cap)) * ms;
  const ramp = Math.min(ms, way / rate);
  const end = target > start ? start + rate * ramp : target < start ? start - rate * ramp : start;
  return Math.abs(areaOf(end, cap) - areaOf(start, cap)) / rate + levelOf(Math.min(target, cap)) * (ms - ramp);
}

for (const [first, end] of LEVELS.rows.values()) {
  const t = LEVELS.columns.t;
  for (let row = first + 1; row < end; row++) ROW_LIGHT[row] = ROW_LIGHT[row - 1] + lightAfter(row - 1, t[row] - t[row - 1]);
}

function lightUntil(rows, t) {
  const row = lastRow(LEVELS.columns.t, ...rows, t);
  return row < 0 ? 0 : ROW_LIGHT[row] + lightAfter(row, t - LEVELS.columns.t[row]);
}

/** Level now, target and cause of a lamp at `t`; null where nothing is known. */
function stateAt(lamp, t) {
  const rows = LEVELS.rows.get(lamp);
  const row = rows ? lastRow(LEVELS.columns.t, ...rows, t) : -1;
  if (row < 0) return null;
  return {
    level: levelAfter(row, t - LEVELS.columns.t[row]),
    target: Math.min(LEVELS.columns.target[row], LAMPS[lamp].cap),
    dead: LAMPS[lamp].outages.some(([, from, until]) => t >= from && t < until),
    cause: DATA.causes[LEVELS.columns.cause[row]] || `code ${LEVELS.columns.cause[row]}`,
  };
}
