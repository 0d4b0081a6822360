// What a map looks at, and the gestures that move it: drag, wheel, pinch, keys. Plane in cm, x to the east, y to the north.

const MOVED = 4; // px a pointer may stray and still click
const STEP = 80; // px an arrow key moves the map
const CLOSEST = 0.6; // px per cm

export class View {
  /** `draw(view)` paints a frame; `on` has what a gesture means: click(x, y, event), box(x0, y0, x1, y1, event), hover(x, y),
   *  key(event), command(event) of a key with Ctrl; grab(x, y) says whether a thing lies there that is dragged in the map's place; then drag(x, y), and drop(done). */
  constructor(canvas, draw, on = {}) {
    Object.assign(this, { canvas, draw, on, x: 0, y: 0, scale: 0.02, width: 0, height: 0, ratio: 1, farthest: 1e-4 });
    this.pointers = new Map();
    this.box = null; // of a selection that is being drawn, in px
    this.moving = false;
    this.waiting = 0;
    this.bounds = [0, 0, 1, 1];
    this.moved = false;
    const listen = (name, handler, options) => canvas.addEventListener(name, handler, options);
    listen("pointerdown", (event) => this.down(event));
    listen("pointermove", (event) => this.move(event));
    listen("pointerup", (event) => this.up(event));
    listen("pointercancel", (event) => {
      this.pointers.delete(event.pointerId);
      this.letGo(false);
    });
    listen("wheel", (event) => this.wheel(event), { passive: false });
    listen("keydown", (event) => this.key(event));
    this.watcher = new ResizeObserver(() => this.resize());
    this.watcher.observe(canvas);
    this.resize();
  }

  stop() {
    this.watcher.disconnect();
    cancelAnimationFrame(this.waiting);
  }

  resize() {
    const { width, height } = this.canvas.getBoundingClientRect();
    this.on.shown?.(width > 0 && height > 0);
    if (!width || !height) return;
    this.ratio = window.devicePixelRatio || 1;
    Object.assign(this, { width, height });
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(height * this.ratio);
    if (!this.moved) this.fit(); // nobody has looked elsewhere yet: whatever the size, all of it is shown
    this.later();
  }

  /** Ask for a frame; many wishes give one. */
  later() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      if (this.width) this.draw(this);
    });
  }

  px(x) {
    return (x - this.x) * this.scale + this.width / 2;
  }

  py(y) {
    return (this.y - y) * this.scale + this.height / 2;
  }

  cmX(px) {
    return (px - this.width / 2) / this.scale + this.x;
  }

  cmY(py) {
    return this.y - (py - this.height / 2) / this.scale;
  }

  /** What lies within the canvas, and `margin` px round it: [x0, y0, x1, y1] in cm. */
  seen(margin = 0) {
    return [this.cmX(-margin), this.cmY(this.height + margin), this.cmX(this.width + margin), this.cmY(-margin)];
  }

  /** Show all of a box [cm]; `fit()` shows the last one again. */
  fit(bounds = this.bounds) {
    this.bounds = bounds;
    this.moved = false;
    if (!this.width) return;
    const [x0, y0, x1, y1] = bounds;
    this.scale = Math.min((this.width - 90) / Math.max(2500, x1 - x0), (this.height - 90) / Math.max(2500, y1 - y0), CLOSEST);
    this.farthest = this.scale / 3;
    this.x = (x0 + x1) / 2;
    this.y = (y0 + y1) / 2;
    this.later();
  }

  /** Bring a place into the middle, at least so close that a lamp and its neighbours are told apart. */
  look(x, y, scale = 0.04) {
    Object.assign(this, { x, y, scale: Math.min(CLOSEST, Math.max(this.scale, scale)), moved: true });
    this.later();
  }

  /** Make it `factor` times as large, round a place on the canvas. */
  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const scale = Math.max(this.farthest, Math.min(CLOSEST, this.scale * factor));
    this.x += (px - this.width / 2) * (1 / this.scale - 1 / scale);
    this.y -= (py - this.height / 2) * (1 / this.scale - 1 / scale);
    this.scale = scale;
    this.moved = true;
    this.later();
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y += dy / this.scale;
    this.moved = true;
    this.later();
  }

  spot(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  down(event) {
    this.canvas.focus({ preventScroll: true });
    if (event.button) return;
    this.canvas.setPointerCapture(event.pointerId);
    const [px, py] = this.spot(event);
    this.pointers.set(event.pointerId, [px, py]);
    this.start = [px, py];
    if (this.held) this.letGo(false);
    this.moving = this.pointers.size > 1;
    this.held = !this.moving && !event.shiftKey && !event.ctrlKey && Boolean(this.on.grab?.(px, py));
    this.box = event.shiftKey && this.on.box ? [px, py, px, py] : null;
  }

  move(event) {
    const [px, py] = this.spot(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      this.on.hover?.(px, py);
      return;
    }
    if (Math.hypot(px - this.start[0], py - this.start[1]) > MOVED) this.moving = true;
    if (this.held) {
      if (this.moving) this.on.drag(px, py);
    } else if (this.box) {
      this.box = [...this.start, px, py];
      this.later();
    } else if (this.pointers.size === 2) {
      const other = [...this.pointers].find(([id]) => id !== event.pointerId)[1];
      const apart = (at) => Math.hypot(at[0] - other[0], at[1] - other[1]);
      this.pan((px - before[0]) / 2, (py - before[1]) / 2);
      this.zoom(apart([px, py]) / Math.max(1, apart(before)), (px + other[0]) / 2, (py + other[1]) / 2);
    } else if (this.moving) {
      this.pan(px - before[0], py - before[1]);
    }
    this.pointers.set(event.pointerId, [px, py]);
  }

  up(event) {
    const there = this.pointers.delete(event.pointerId);
    if (!there || this.pointers.size) return;
    const box = this.box;
    this.box = null;
    if (this.held && this.moving) this.letGo(true);
    else if (box && this.moving) {
      const [x0, x1] = [box[0], box[2]].sort((a, b) => a - b), [y0, y1] = [box[1], box[3]].sort((a, b) => a - b);
      this.on.box(this.cmX(x0), this.cmY(y1), this.cmX(x1), this.cmY(y0), event);
    } else if (!this.moving) {
      this.on.click?.(...this.spot(event), event);
    }
    this.letGo(false);
    this.moving = false;
    this.later();
  }

  /** What is being dragged stays where it is now (`done`), or goes back to where it was. */
  letGo(done) {
    if (this.held) this.on.drop(done);
    this.held = false;
  }

  wheel(event) {
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...this.spot(event));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      if (!event.altKey && this.on.command?.(event)) event.preventDefault();
      return;
    }
    const ways = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
    if (this.on.key?.(event)) event.preventDefault();
    else if (ways[event.key]) this.pan(...ways[event.key]);
    else if (event.key === "+" || event.key === "=") this.zoom(1.5);
    else if (event.key === "-") this.zoom(1 / 1.5);
    else if (event.key === "0" || event.key === "Home") this.fit();
    else return;
    event.preventDefault();
  }
}
