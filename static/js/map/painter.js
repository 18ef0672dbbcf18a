// Draws a map on a canvas. Points are written into the pixels of an image: a hundred thousand take two milliseconds,
// without the graphics card. Colours are those of the legend's items, so that they follow the theme.
import { contours } from "./contours.js";

const LEVELS = [16, 48, 96, 152, 208]; // of density, at which there are contours; 255 is the highest
const CONTOURS_UNTIL = 3; // times the whole map
const OTHER = 44; // the code of all smaller groups; these and points without a value lie below the others
const NOTHING = 255;
const SHAPES = 4; // circle, square, diamond, triangle: groups differ by more than their colour

export class Painter {
  constructor(canvas, { points, side, grid, density, clusters }) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.points = points;
    this.side = side;
    this.clusters = clusters;
    this.codes = new Uint8Array(points.n);
    this.areCrosses = new Uint8Array(256);
    this.colours = new Uint32Array(256);
    this.focus = -1; // the code that stands out
    this.firstGrey = NOTHING;
    this.selected = null; // which points are selected
    this.marked = []; // points with a ring: the open one first, then those nearest to it
    this.lasso = []; // corners on the screen
    this.paths = contours(density, grid, side, LEVELS);
    this.view = { x: side / 2, y: side / 2, zoom: 1 };
    this.layer = document.createElement("canvas");
    this.resize();
  }

  resize() {
    this.ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    for (const canvas of [this.canvas, this.layer]) {
      canvas.width = Math.max(1, Math.round(this.width * this.ratio));
      canvas.height = Math.max(1, Math.round(this.height * this.ratio));
    }
    this.image = this.layer.getContext("2d").createImageData(this.layer.width, this.layer.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.redraw();
  }

  // CSS pixels per unit of the map.
  get scale() {
    return (0.92 * Math.min(this.width, this.height) * this.view.zoom) / this.side;
  }

  onScreen(x, y) {
    return [(x - this.view.x) * this.scale + this.width / 2, (this.view.y - y) * this.scale + this.height / 2];
  }

  onMap(left, top) {
    return [(left - this.width / 2) / this.scale + this.view.x, this.view.y - (top - this.height / 2) / this.scale];
  }

  // Zoom so that what is at a place of the screen stays there.
  zoomAt(left, top, factor) {
    const [x, y] = this.onMap(left, top);
    this.view.zoom = Math.min(200, Math.max(0.5, this.view.zoom * factor));
    const [newX, newY] = this.onMap(left, top);
    this.view.x += x - newX;
    this.view.y += y - newY;
    this.redraw();
  }

  pan(dx, dy) {
    this.view.x -= dx / this.scale;
    this.view.y += dy / this.scale;
    this.redraw();
  }

  show(x, y, zoom) {
    this.view = { x, y, zoom };
    this.redraw();
  }

  // Take the colours of the legend, and those of the page.
  readColours(legend) {
    const style = getComputedStyle(this.canvas);
    this.ink = style.color;
    this.line = style.borderTopColor;
    this.ground = style.backgroundColor;
    this.accent = style.outlineColor;
    this.dim = pixel(style.caretColor, 110);
    this.colours.fill(this.dim);
    this.areCrosses.fill(0);
    for (const item of legend.querySelectorAll("[data-code]")) {
      const code = Number(item.dataset.code);
      this.colours[code] = pixel(getComputedStyle(item.querySelector(".map-swatch")).color, code === NOTHING ? 130 : 235);
      this.areCrosses[code] = item.dataset.cross ? 1 : 0;
    }
    this.firstGrey = legend.querySelector(".map-scale") ? NOTHING : OTHER;
    this.hasShapes = !legend.querySelector(".map-scale");
    this.redraw();
  }

  redraw() {
    if (this.isAsked) return;
    this.isAsked = true;
    requestAnimationFrame(() => {
      this.isAsked = false;
      this.draw();
    });
  }

  draw() {
    const { context, ratio } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.#drawPoints();
    context.drawImage(this.layer, 0, 0);
    if (this.view.zoom < CONTOURS_UNTIL) this.#drawContours();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#drawMarks();
    this.#drawLabels();
    this.#drawLasso();
  }

  #radius() {
    const usual = this.points.n > 50_000 ? 1.1 : this.points.n > 5_000 ? 1.7 : 2.6;
    return Math.min(7, usual * this.view.zoom ** 0.4) * this.ratio;
  }

  #drawPoints() {
    const { pixels, points, codes, colours, selected, focus } = this;
    const width = this.layer.width;
    const height = this.layer.height;
    pixels.fill(0);
    const radius = this.#radius();
    const shapes = sprites(radius, width, this.hasShapes);
    const cross = spriteOf((x, y) => Math.abs(Math.abs(x) - Math.abs(y)) < 0.8, radius * 1.5, width);
    const margin = Math.ceil(radius * 1.5) + 1;
    const scale = this.scale * this.ratio;
    const left = width / 2 - this.view.x * scale;
    const top = height / 2 + this.view.y * scale;
    for (let pass = 0; pass < 2; pass += 1) {
      for (let i = 0; i < points.n; i += 1) {
        const code = codes[i];
        const stands = (focus === -1 || code === focus) && (selected === null || selected[i] === 1);
        const isAbove = stands && (code < this.firstGrey || code === focus);
        if (isAbove !== (pass === 1)) continue;
        const x = (points.at[2 * i] * scale + left) | 0;
        const y = (top - points.at[2 * i + 1] * scale) | 0;
        if (x < margin || y < margin || x >= width - margin || y >= height - margin) continue;
        const colour = stands ? colours[code] : this.dim;
        const sprite = this.areCrosses[code] ? cross : shapes[code % SHAPES];
        const base = y * width + x;
        for (let k = 0; k < sprite.length; k += 1) pixels[base + sprite[k]] = colour;
      }
    }
    this.layer.getContext("2d").putImageData(this.image, 0, 0);
  }

  #drawContours() {
    const { context, ratio, scale, view } = this;
    context.setTransform(
      scale * ratio, 0, 0, -scale * ratio,
      (this.width / 2 - view.x * scale) * ratio, (this.height / 2 + view.y * scale) * ratio,
    );
    context.strokeStyle = this.line;
    context.lineWidth = 1.2 / scale;
    this.paths.forEach((path, level) => {
      context.globalAlpha = 0.35 + 0.13 * level;
      context.stroke(path);
    });
    context.globalAlpha = 1;
  }

  #drawMarks() {
    const { context, points } = this;
    const radius = this.#radius() / this.ratio;
    this.marked.forEach((i, place) => {
      const [x, y] = this.onScreen(points.at[2 * i], points.at[2 * i + 1]);
      context.beginPath();
      context.arc(x, y, radius + (place ? 3 : 6), 0, 2 * Math.PI);
      context.strokeStyle = place ? this.ink : this.accent;
      context.lineWidth = place ? 1.2 : 2.5;
      context.stroke();
    });
  }

  #drawLabels() {
    const { context } = this;
    context.font = "600 12px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const taken = [];
    for (const { x, y, name } of this.clusters) {
      const [left, top] = this.onScreen(x, y);
      if (left < 0 || top < 0 || left > this.width || top > this.height) continue;
      const shown = this.#shortened(name);
      const half = context.measureText(shown).width / 2 + 6;
      const at = Math.min(Math.max(left, half), Math.max(this.width - half, half));
      const box = [at - half, top - 11, at + half, top + 11];
      if (taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue;
      taken.push(box);
      context.strokeStyle = this.ground;
      context.lineWidth = 4;
      context.strokeText(shown, at, top);
      context.fillStyle = this.ink;
      context.fillText(shown, at, top);
    }
  }

  // The first terms of a name, as many as there is room for.
  #shortened(name) {
    let shown = name;
    while (this.context.measureText(shown).width > 0.3 * this.width && shown.includes(", ")) {
      shown = shown.slice(0, shown.lastIndexOf(", "));
    }
    return shown;
  }

  #drawLasso() {
    if (this.lasso.length < 2) return;
    const { context } = this;
    context.beginPath();
    this.lasso.forEach(([x, y], place) => (place ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.strokeStyle = this.accent;
    context.lineWidth = 1.5;
    context.setLineDash([5, 4]);
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 0.1;
    context.fillStyle = this.accent;
    context.fill();
    context.globalAlpha = 1;
  }
}

// The offsets of the pixels of a shape.
function spriteOf(isInside, radius, width) {
  const reach = Math.ceil(radius);
  const offsets = [];
  for (let y = -reach; y <= reach; y += 1) {
    for (let x = -reach; x <= reach; x += 1) {
      if (Math.abs(x) <= radius && Math.abs(y) <= radius && isInside(x, y)) offsets.push(y * width + x);
    }
  }
  return Int32Array.from(offsets);
}

function sprites(radius, width, hasShapes) {
  const circle = spriteOf((x, y) => x * x + y * y <= radius * radius + 0.3, radius, width);
  if (!hasShapes || radius < 2) return [circle, circle, circle, circle];
  const square = spriteOf(() => true, radius * 0.85, width);
  const diamond = spriteOf((x, y) => Math.abs(x) + Math.abs(y) <= radius * 1.25, radius * 1.25, width);
  const triangle = spriteOf((x, y) => Math.abs(x) <= (y + radius) * 0.6, radius * 1.15, width);
  return [circle, square, diamond, triangle];
}

const ruler = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

// A CSS colour as a pixel, little-endian.
function pixel(colour, alpha) {
  ruler.fillStyle = colour;
  ruler.fillRect(0, 0, 1, 1);
  const [red, green, blue] = ruler.getImageData(0, 0, 1, 1).data;
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
