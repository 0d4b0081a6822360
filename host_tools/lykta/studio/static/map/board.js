// The map on a page: one canvas for a street and, where a night is given, the bar that plays it. The server hands over data once,
// and of a street that lives what has changed, a few times a second; it is told what was chosen and at which moment the night stands, never asked for a frame.

import { drawLive, drawNight, Live, Move, Replay, Street, View } from "/lykta/map/index.js";

const SPEEDS = [1, 5, 10, 30, 60, 300];
const SETTLED_MS = 250; // after a scrub the server is told where it ended
const LONGEST_FRAME_MS = 100;
const MOVE_CM = 100, FINE_CM = 10; // an arrow key moves what is chosen so far; with Shift

export default {
  template: `
    <div class="board" :data-lamps="lamps">
      <canvas ref="canvas" class="board-map" tabindex="0" role="application" :aria-label="words.map"></canvas>
      <div class="board-tools">
        <button type="button" :aria-label="words.closer" :title="words.closer" @click="view.zoom(1.5)"><i class="material-icons">add</i></button>
        <button type="button" :aria-label="words.farther" :title="words.farther" @click="view.zoom(1 / 1.5)"><i class="material-icons">remove</i></button>
        <button type="button" :aria-label="words.whole" :title="words.whole" @click="view.fit()"><i class="material-icons">fit_screen</i></button>
      </div>
      <div class="board-said" v-show="said" :aria-live="playing ? 'off' : 'polite'">{{ said }}</div>
      <div class="board-bar" v-if="plays" v-show="loaded">
        <button type="button" class="board-play" :aria-label="playing ? words.pause : words.play" :title="playing ? words.pause : words.play" @click="toggle">
          <i class="material-icons">{{ playing ? "pause" : "play_arrow" }}</i></button>
        <button type="button" :aria-label="words.before" :title="words.before" @click="step(-1)"><i class="material-icons">skip_previous</i></button>
        <button type="button" :aria-label="words.after" :title="words.after" @click="step(1)"><i class="material-icons">skip_next</i></button>
        <output class="board-clock">{{ clock }}</output>
        <span class="board-phase">{{ words.phases[phase] || phase }}</span>
        <div class="board-scrub">
          <canvas ref="crowd" class="board-crowd" aria-hidden="true"></canvas>
          <input type="range" ref="scrub" :min="from" :max="until" step="500" :value="t" :aria-label="words.time" :aria-valuetext="clock"
            @input="scrub" @keydown.space.prevent="toggle">
          <div class="board-ends"><span>{{ first }}</span><span>{{ last }}</span></div>
        </div>
        <label class="board-speed">{{ words.speed }}
          <select :value="speed" @change="setSpeed"><option v-for="one in speeds" :key="one" :value="one">{{ one }}×</option></select></label>
      </div>
    </div>`,
  props: { words: Object, plays: Boolean, lives: Boolean, edits: Boolean },
  data() {
    return { lamps: 0, said: "", loaded: false, playing: false, clock: "", phase: "", t: 0, from: 0, until: 1, first: "", last: "", speed: 10, speeds: SPEEDS };
  },
  mounted() {
    this.under = -1; // the point under the pointer
    this.keys = false; // what is chosen is moved by keys
    this.keep = {}; // street and replay: large, and not for Vue to watch
    this.view = new View(this.$refs.canvas, () => this.draw(), {
      click: (px, py, event) => this.click(px, py, event),
      box: (x0, y0, x1, y1) => this.choose(this.keep.street?.lampsWithin(x0, y0, x1, y1) || []),
      hover: (px, py) => this.hover(px, py),
      key: (event) => this.key(event),
      command: (event) => this.command(event),
      grab: (px, py) => this.grab(px, py),
      drag: (px, py) => this.drag(px, py),
      drop: (done) => this.drop(done),
      shown: (there) => this.shown(there),
    });
    this.unwatch = new MutationObserver(() => this.view.later());
    this.unwatch.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.$emit("ready");
  },
  beforeUnmount() {
    this.unwatch.disconnect();
    this.view.stop();
    cancelAnimationFrame(this.running);
    clearTimeout(this.settling);
  },
  methods: {
    /** The page shows another tab, or this one again: a crowd that could not be measured is drawn now. */
    shown(there) {
      if (there === this.there) return;
      this.there = there;
      if (there) this.$nextTick(() => this.drawCrowd());
      else if (this.playing) this.toggle();
      this.$emit("shown", { there });
    },
    /** A street to be drawn. `stay`: keep looking at the same place. */
    load(data, stay = false) {
      this.keep = { street: new Street(data, () => this.view.later()) };
      this.loaded = false;
      this.playing = false;
      this.lamps = data.lamps;
      if (!stay) this.view.fit(this.keep.street.bounds());
      this.view.later();
    },
    /** What an edit changed of the street. */
    change(data) {
      this.keep.street?.change(data);
      this.view.later();
    },
    /** What was on its way stays where it was. */
    release() {
      if (this.keep.street) this.keep.street.move = null;
      this.view.later();
    },
    /** What has changed of the street as its nodes tell it. */
    live(data) {
      const { street } = this.keep;
      if (!street) return;
      this.keep.live ||= new Live(street.count);
      this.keep.live.take(data);
      this.tell(this.under);
      this.view.later();
    },
    /** A night to be played on the street. */
    night(data, at = null) {
      const replay = (this.keep.replay = new Replay(data, this.keep.street));
      replay.speed = this.speed;
      Object.assign(this, { loaded: true, from: replay.begin, until: replay.end });
      this.first = replay.clock(replay.begin, false);
      this.last = replay.clock(replay.end, false);
      this.seek(at === null ? replay.begin : at, false);
      this.$nextTick(() => this.drawCrowd());
    },
    select(points, centre = false) {
      const street = this.keep.street;
      if (!street) return;
      street.chosen = new Set(points);
      if (centre && points.length) this.view.look(street.atX[points[0]], street.atY[points[0]]);
      this.view.later();
    },
    mark(points) {
      if (this.keep.street) this.keep.street.marked = points;
      this.view.later();
    },
    look(x, y) {
      this.view.look(x, y);
    },
    /** Go to a moment of the night, and play from there where wanted. */
    seek(t, play = false) {
      const replay = this.keep.replay;
      if (!replay) return;
      replay.seek(t);
      this.show();
      if (play !== this.playing) this.toggle();
      else this.settle();
    },
    draw() {
      const { street, replay, live } = this.keep;
      if (!street) return;
      if (this.lives) drawLive(this.view, street, live);
      else if (this.plays) drawNight(this.view, street, replay);
      else street.draw(this.view);
    },
    show() {
      const replay = this.keep.replay;
      this.t = replay.t;
      this.clock = replay.clock();
      this.phase = replay.phase();
      this.tell();
      this.view.later();
    },
    toggle() {
      const replay = this.keep.replay;
      if (!replay) return;
      if (!this.playing && replay.t >= replay.end) replay.seek(replay.begin);
      replay.playing = this.playing = !this.playing;
      this.before = performance.now();
      if (this.playing) this.running = requestAnimationFrame((now) => this.frame(now));
      this.settle();
    },
    frame(now) {
      const replay = this.keep.replay;
      if (!this.playing || !replay) return;
      replay.pass(Math.min(LONGEST_FRAME_MS, Math.max(0, now - this.before)));
      this.before = now;
      this.playing = replay.playing;
      this.show();
      if (this.playing) this.running = requestAnimationFrame((later) => this.frame(later));
      else this.settle();
    },
    scrub(event) {
      this.keep.replay.seek(+event.target.value);
      this.show();
      this.settle();
    },
    step(way) {
      const replay = this.keep.replay;
      const [lamp = -1] = this.keep.street.chosen;
      this.seek(replay.change(lamp < this.keep.street.count ? lamp : -1, way));
    },
    setSpeed(event) {
      this.speed = +event.target.value;
      if (this.keep.replay) this.keep.replay.speed = this.speed;
    },
    /** Tell the server at which moment the night stands, once it stands. */
    settle() {
      clearTimeout(this.settling);
      this.settling = setTimeout(() => this.$emit("moment", { t: Math.round(this.keep.replay?.t || 0), playing: this.playing }), SETTLED_MS);
    },
    /** One line about the lamp that is chosen, or about the place under the pointer. */
    tell(point = -1) {
      const { street, replay, live } = this.keep;
      const [chosen = -1] = street.chosen;
      const at = point >= 0 ? point : chosen;
      if (at < 0) this.said = "";
      else if (replay && at < street.count) {
        const row = replay.light.row(at, replay.t), rule = row < 0 ? "" : this.words.rules[replay.light.rows.cause[row]];
        this.said = `${street.ids[at]}  ·  ${Math.round(replay.light.level(at, replay.t) / 10)} %  ·  ${rule}`;
      } else if (live && at < street.count) {
        const level = live.level[at] < 0 ? "" : `${Math.round(live.level[at] / 10)} %`;
        this.said = [street.ids[at], level, ...live.words(at).map((word) => this.words.live[word])].filter(Boolean).join("  ·  ");
      } else this.said = at < street.count ? `${street.ids[at]}  ·  ${street.zones[street.zone[at]]}` : street.ids[at];
    },
    hover(px, py) {
      const { street } = this.keep;
      if (!street) return;
      const point = street.pick(this.view, px, py);
      this.$refs.canvas.style.cursor = point < 0 ? "grab" : this.edits && street.chosen.has(point) ? "move" : "pointer";
      this.under = point;
      this.tell(point);
    },
    click(px, py, event) {
      const { street } = this.keep;
      if (!street) return;
      const point = street.pick(this.view, px, py);
      if (!(event.ctrlKey || event.metaKey)) this.choose(point < 0 ? [] : [point]);
      else if (point >= 0) this.choose(street.chosen.has(point) ? [...street.chosen].filter((one) => one !== point) : [...street.chosen, point]);
    },
    choose(points) {
      this.keep.street.chosen = new Set(points);
      this.keep.street.move = null;
      this.tell();
      this.view.later();
      this.$emit("choose", { points });
    },
    // -- moving what is chosen

    /** Whether what is chosen lies there: then a drag moves it, not the map. */
    grab(px, py) {
      const { street } = this.keep, point = this.edits && street ? street.pick(this.view, px, py) : -1;
      if (point < 0 || !street.chosen.has(point)) return false;
      street.move = new Move(street, street.chosen, this.view.cmX(px), this.view.cmY(py));
      return true;
    },
    drag(px, py) {
      this.keep.street.move.to(this.view.cmX(px), this.view.cmY(py));
      this.moved();
    },
    moved() {
      this.said = this.keep.street.move.said();
      this.view.later();
    },
    /** Let go: the server is told how far, and what comes back of it is drawn; or nothing has happened. */
    drop(done) {
      const { street } = this.keep, { move } = street;
      this.keys = false;
      if (done && !move.still) this.$emit("move", { points: [...move.points], dx: move.dx, dy: move.dy });
      else street.move = null;
      this.tell();
      this.view.later();
    },
    /** Keys while something is moved by them: arrows, Enter to put it there, Escape to leave it. */
    moveKey(event, ways) {
      const step = event.shiftKey ? FINE_CM : MOVE_CM;
      if (ways[event.key]) {
        const [dx, dy] = ways[event.key];
        this.keep.street.move.by(dx * step, dy * step);
        this.moved();
      } else if (event.key === "Enter" || event.key === "m") this.drop(true);
      else if (event.key === "Escape") this.drop(false);
      else return false;
      return true;
    },
    /** Ctrl and Z, Ctrl and Y. */
    command(event) {
      const key = event.key.toLowerCase();
      if (!this.edits || (key !== "z" && key !== "y")) return false;
      this.$emit(key === "z" && !event.shiftKey ? "undo" : "redo");
      return true;
    },
    /** Arrows go from lamp to lamp where one is chosen; else the map moves. True where the key was for us. */
    key(event) {
      const { street, replay } = this.keep;
      const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
      const [chosen = -1] = street?.chosen || [];
      if (this.keys && street?.move) return this.moveKey(event, ways);
      if (event.key === "Escape" && this.view.held) this.view.letGo(false);
      else if (event.key === "m" && this.edits && chosen >= 0) {
        street.move = new Move(street, street.chosen);
        this.keys = true;
        this.moved();
      } else if (event.key === " " && replay && this.plays) this.toggle();
      else if ((event.key === "," || event.key === ".") && replay) this.step(event.key === "." ? 1 : -1);
      else if (event.key === "Escape" && chosen >= 0) this.choose([]);
      else if (event.key === "Enter" && street && chosen < 0) this.choose([street.grid.nearest(this.view.x, this.view.y, 1e9, (i) => i < street.count)]);
      else if (ways[event.key] && chosen >= 0 && !event.shiftKey) this.goTowards(chosen, ...ways[event.key]);
      else return false;
      return true;
    },
    goTowards(from, dx, dy) {
      const { street } = this.keep;
      const next = street.towards(from, dx, dy);
      if (next < 0) return;
      const [x0, y0, x1, y1] = this.view.seen(-40), x = street.atX[next], y = street.atY[next];
      if (x < x0 || x > x1 || y < y0 || y > y1) this.view.look(x, y, this.view.scale);
      this.choose([next]);
    },
    /** How many were on the street, and the worst moments, over the bar. */
    drawCrowd() {
      const canvas = this.$refs.crowd, replay = this.keep?.replay;
      const { width, height } = canvas?.getBoundingClientRect() || {};
      if (!width || !replay) return;
      const ratio = window.devicePixelRatio || 1;
      Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
      const g = canvas.getContext("2d"), bins = Math.max(1, Math.floor(width / 3)), counts = replay.crowd(bins);
      const most = Math.max(1, ...counts);
      g.setTransform(ratio, 0, 0, ratio, 0, 0);
      g.fillStyle = getComputedStyle(canvas).color;
      g.globalAlpha = 0.45;
      counts.forEach((count, bin) => g.fillRect((bin * width) / bins, height - (count / most) * (height - 6), width / bins - 0.6, (count / most) * (height - 6)));
      g.globalAlpha = 1;
      g.fillStyle = "#e8590c";
      for (const [begin] of replay.moments) {
        const x = ((begin - replay.begin) / (replay.end - replay.begin)) * width;
        g.beginPath();
        g.moveTo(x - 4, 0);
        g.lineTo(x + 4, 0);
        g.lineTo(x, 7);
        g.fill();
      }
    },
  },
};
