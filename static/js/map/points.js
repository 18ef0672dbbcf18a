// The points of a map: positions and rows as the server sends them, and an index to find the nearest one.
const CELLS = 128; // of the index, on each side

export class Points {
  constructor(buffer, side) {
    this.n = buffer.byteLength / 12;
    this.at = new Float32Array(buffer, 0, 2 * this.n);
    this.rows = new Uint32Array(buffer, 8 * this.n, this.n);
    this.side = side;
    this.indexOf = new Map();
    for (let i = 0; i < this.n; i += 1) this.indexOf.set(this.rows[i], i);
    this.#index();
  }

  #cell(value) {
    return Math.min(CELLS - 1, Math.max(0, Math.floor((value / this.side) * CELLS)));
  }

  #index() {
    const starts = new Uint32Array(CELLS * CELLS + 1);
    const cellOf = new Uint32Array(this.n);
    for (let i = 0; i < this.n; i += 1) {
      cellOf[i] = this.#cell(this.at[2 * i + 1]) * CELLS + this.#cell(this.at[2 * i]);
      starts[cellOf[i] + 1] += 1;
    }
    for (let cell = 0; cell < CELLS * CELLS; cell += 1) starts[cell + 1] += starts[cell];
    const next = starts.slice();
    this.order = new Uint32Array(this.n);
    for (let i = 0; i < this.n; i += 1) this.order[next[cellOf[i]]++] = i;
    this.starts = starts;
  }

  // The point nearest to a place, at most so far away; -1 without one.
  nearest(x, y, reach) {
    let best = -1;
    let least = reach * reach;
    const [left, right] = [this.#cell(x - reach), this.#cell(x + reach)];
    for (let row = this.#cell(y - reach); row <= this.#cell(y + reach); row += 1) {
      const end = this.starts[row * CELLS + right + 1];
      for (let k = this.starts[row * CELLS + left]; k < end; k += 1) {
        const i = this.order[k];
        const distance = (this.at[2 * i] - x) ** 2 + (this.at[2 * i + 1] - y) ** 2;
        if (distance < least) {
          least = distance;
          best = i;
        }
      }
    }
    return best;
  }

  // The nearest point in a direction, within 45 degrees of it; the same point without one.
  towards(from, dx, dy) {
    let best = from;
    let least = Infinity;
    const x = this.at[2 * from];
    const y = this.at[2 * from + 1];
    for (let i = 0; i < this.n; i += 1) {
      const along = (this.at[2 * i] - x) * dx + (this.at[2 * i + 1] - y) * dy;
      const across = Math.abs((this.at[2 * i] - x) * dy - (this.at[2 * i + 1] - y) * dx);
      if (along <= 0 || across > along) continue;
      const distance = along * along + 4 * across * across;
      if (distance < least) {
        least = distance;
        best = i;
      }
    }
    return best;
  }

  // Which points are inside a polygon, by the even-odd rule, as the server decides it.
  inside(corners) {
    const found = new Uint8Array(this.n);
    for (let i = 0; i < this.n; i += 1) {
      const x = this.at[2 * i];
      const y = this.at[2 * i + 1];
      let isInside = 0;
      for (let k = 0, j = corners.length - 1; k < corners.length; j = k, k += 1) {
        const [x0, y0] = corners[j];
        const [x1, y1] = corners[k];
        if (y0 > y !== y1 > y && x < ((x1 - x0) * (y - y0)) / (y1 - y0) + x0) isInside ^= 1;
      }
      found[i] = isInside;
    }
    return found;
  }
}
