// Something on its way to another place: drawn as it would stand, with its links and how long they would be. Nothing of the street is
// changed: the server is told how far, and writes it.

const LABELS = 12; // so many links are given their length; more would hide each other
const DOT_PX = 6;

export class Move {
  /** `points` go as far as the pointer does from (x, y) [cm], or as keys tell. */
  constructor(street, points, x = 0, y = 0) {
    Object.assign(this, { street, x, y, dx: 0, dy: 0 });
    this.points = new Set(points);
  }

  to(x, y) {
    this.dx = Math.round(x - this.x);
    this.dy = Math.round(y - this.y);
  }

  by(dx, dy) {
    this.dx += dx;
    this.dy += dy;
  }

  get still() {
    return !this.dx && !this.dy;
  }

  /** How far, for people: `P05: 3.2 m to the east ...` in signs that need no language. */
  said() {
    const [first] = this.points, name = this.points.size > 1 ? this.points.size : this.street.ids[first];
    const east = `${this.dx < 0 ? "←" : "→"} ${metres(Math.abs(this.dx))}`, north = `${this.dy < 0 ? "↓" : "↑"} ${metres(Math.abs(this.dy))}`;
    return `${name}  ·  ${east}  ·  ${north}`;
  }

  draw(g, view, look) {
    const { street, points, dx, dy } = this, { a, b } = street.links;
    const x = (i) => view.px(street.x[i] + (points.has(i) ? dx : 0)), y = (i) => view.py(street.y[i] + (points.has(i) ? dy : 0));
    const links = [...a.keys()].filter((i) => points.has(a[i]) !== points.has(b[i]));
    g.beginPath();
    for (const i of links) {
      g.moveTo(x(a[i]), y(a[i]));
      g.lineTo(x(b[i]), y(b[i]));
    }
    Object.assign(g, { strokeStyle: look.chosenRing, lineWidth: 2 });
    g.stroke();
    g.beginPath();
    for (const i of points) {
      const px = view.px(street.atX[i] + dx), py = view.py(street.atY[i] + dy);
      g.moveTo(px + DOT_PX, py);
      g.arc(px, py, DOT_PX, 0, 7);
    }
    Object.assign(g, { fillStyle: look.chosenRing, strokeStyle: look.chosen, lineWidth: 2 });
    g.fill();
    g.stroke();
    if (links.length > LABELS) return;
    Object.assign(g, { font: "12px system-ui, sans-serif", textAlign: "center", textBaseline: "middle", lineWidth: 4, strokeStyle: look.halo, fillStyle: look.ink });
    for (const i of links) {
      const said = metres(Math.hypot(x(a[i]) - x(b[i]), y(a[i]) - y(b[i])) / view.scale), px = (x(a[i]) + x(b[i])) / 2, py = (y(a[i]) + y(b[i])) / 2;
      g.strokeText(said, px, py);
      g.fillText(said, px, py);
    }
    Object.assign(g, { textAlign: "left", textBaseline: "alphabetic" });
  }
}

/** A length in cm, in metres with one decimal as the language of the page writes it. */
function metres(cm) {
  const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return `${(cm / 100).toLocaleString(document.documentElement.lang || "en", digits)} m`;
}
