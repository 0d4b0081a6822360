// Optional background tiles, from a server that the user named. Without an address nothing here is made, and no request is sent.

const ZOOMS = [3, 19];
const KEPT = 250;

export class Tiles {
  /** `url` with {z}, {x}, {y}, and {s} for one of the servers a, b, c; `latitude`, `longitude` of the plane's origin, `north_cm`, `east_cm` in a degree. */
  constructor(options, later) {
    Object.assign(this, options);
    this.later = later;
    this.kept = new Map();
  }

  draw(g, at, changed) {
    const [x0, y0, x1, y1] = at.box;
    const west = this.longitude + x0 / this.east_cm, east = this.longitude + x1 / this.east_cm;
    const perDegree = at.scale * this.east_cm; // px
    const zoom = Math.max(ZOOMS[0], Math.min(ZOOMS[1], Math.round(Math.log2((perDegree * 360) / 256))));
    const count = 2 ** zoom;
    const column = (longitude) => ((longitude + 180) / 360) * count;
    const row = (latitude) => {
      const sine = Math.sin((latitude * Math.PI) / 180);
      return (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * count;
    };
    const north = this.latitude + y1 / this.north_cm, south = this.latitude + y0 / this.north_cm;
    for (let x = Math.floor(column(west)); x <= column(east); x++) {
      for (let y = Math.floor(row(north)); y <= row(south); y++) {
        const image = this.tile(zoom, x, y, changed);
        if (!image) continue;
        const left = at.px(this.cmX(x / count)), right = at.px(this.cmX((x + 1) / count));
        const top = at.py(this.cmY(y / count)), bottom = at.py(this.cmY((y + 1) / count));
        g.drawImage(image, left, top, right - left + 0.5, bottom - top + 0.5);
      }
    }
  }

  cmX(share) {
    return (share * 360 - 180 - this.longitude) * this.east_cm;
  }

  cmY(share) {
    const latitude = (Math.atan(Math.sinh(Math.PI * (1 - 2 * share))) * 180) / Math.PI;
    return (latitude - this.latitude) * this.north_cm;
  }

  /** A tile that has arrived; null while it is on its way, or if it never comes. */
  tile(z, x, y, changed) {
    const key = `${z}/${x}/${y}`;
    let image = this.kept.get(key);
    if (!image) {
      image = new Image();
      image.onload = () => {
        changed();
        this.later();
      };
      image.src = this.url.replace("{s}", "abc"[(x + y) % 3]).replace("{z}", z).replace("{x}", x).replace("{y}", y);
      this.kept.set(key, image);
      if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value);
    }
    return image.complete && image.naturalWidth ? image : null;
  }
}
