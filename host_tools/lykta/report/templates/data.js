// What the page was given, unpacked: columns of integers, local time, words for codes.

const DATA = JSON.parse(document.getElementById("data").textContent);

/** A table of packed columns with its rows grouped by the column `key`, whose values must rise. */
function table(packed, key) {
  const columns = {};
  for (const name in packed) columns[name] = unpack(packed[name]);
  const rows = new Map();
  const keys = columns[key];
  for (let i = 0; i < keys.length; i++) {
    if (i === 0 || keys[i] !== keys[i - 1]) rows.set(keys[i], [i, i + 1]);
    else rows.get(keys[i])[1] = i + 1;
  }
  return { columns, rows, size: keys.length };
}

const LEVELS = table(DATA.levels, "lamp");
const DETECTIONS = table(DATA.detections, "lamp");
const READINGS = table(DATA.readings, "lamp");
const USER_CLASS = unpack(DATA.users.road_user);
const POINTS = { x: unpack(DATA.points.x), y: unpack(DATA.points.y) }; // lamps first
const LINKS = { a: unpack(DATA.links.a), b: unpack(DATA.links.b), guessed: new Set(DATA.links.guessed) };
const ENTRANCES = new Set(DATA.lamps.entrance), FIXED = new Set(DATA.lamps.fixed);
const LAMPS = DATA.lamps.id.map((id, i) => ({
  index: i,
  id,
  x: POINTS.x[i],
  y: POINTS.y[i],
  zone: DATA.zones[DATA.lamps.zone[i]],
  entrance: ENTRANCES.has(i),
  fixed: FIXED.has(i),
  sensors: DATA.sensors[DATA.lamps.sensors[i]],
  floor: DATA.lamps.floor[i],
  cap: DATA.lamps.cap[i],
  energy: DATA.lamps.energy[i], // [mWh]
  share: DATA.lamps.share[i], // [permille] of always on
  mean: DATA.lamps.mean[i], // level [permille]
  changes: DATA.lamps.changes[i],
  outages: DATA.outages.filter(([lamp]) => lamp === i),
}));

const SECOND = 1000, MINUTE = 60000, HOUR = 3600000;

/** The wall clock at `t` (ms since the night's origin), as if it were UTC. */
function local(t) {
  let offset = DATA.offsets[0][1];
  for (const [begins, minutes] of DATA.offsets) if (t >= begins) offset = minutes;
  return DATA.origin + t + offset * MINUTE;
}

function clock(t, seconds = false) {
  return new Date(local(t)).toISOString().slice(11, seconds ? 19 : 16);
}

function span(ms) {
  const s = Math.round(ms / SECOND);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
  const minutes = Math.round(s / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

const TICK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800].map((s) => s * SECOND);

/** Times at whole local steps, about `wanted` of them; right across a change of the clocks too. */
function timeTicks([from, until], wanted) {
  const step = TICK_STEPS.find((s) => (until - from) / s <= wanted) || TICK_STEPS[TICK_STEPS.length - 1];
  const grain = Math.min(step, 15 * MINUTE);
  const ticks = [];
  for (let t = from + ((grain - (local(from) % grain)) % grain); t <= until; t += grain) if (local(t) % step === 0) ticks.push(t);
  return { ticks, seconds: step < MINUTE };
}
