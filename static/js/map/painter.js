// Draws a map on a canvas. Points are written into the pixels of an image: a hundred thousand take two milliseconds,
// without the graphics card. Colours are those of the legend's items, so that they follow the theme.
import { contours } from "./contours.js";
import { drawContours, drawLabels, drawLasso, drawMarks } from "./marks.js";
import { NO_VALUE, coloursOf, pixel, spriteOf, sprites } from "./sprites.js";

const LEVELS = [16, 48, 96, 152, 208]; // of density, at which there are contours; 255 is the highest
const CONTOURS_UNTIL = 3; // times the whole map
const OTHER = 44; // the code of all smaller groups; these and points without a value lie below the others
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
    this.firstGrey = NO_VALUE;
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
    [this.colours, this.areCrosses] = coloursOf(legend, this.dim);
    this.firstGrey = legend.querySelector(".map-scale") ? NO_VALUE : OTHER;
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
    if (this.view.zoom < CONTOURS_UNTIL) drawContours(this);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawMarks(this);
    drawLabels(this);
    drawLasso(this);
  }

  radius() {
    const usual = this.points.n > 50_000 ? 1.1 : this.points.n > 5_000 ? 1.7 : 2.6;
    return Math.min(7, usual * this.view.zoom ** 0.4) * this.ratio;
  }

  #drawPoints() {
    const { pixels, points, codes, colours, selected, focus } = this;
    const width = this.layer.width;
    const height = this.layer.height;
    pixels.fill(0);
    const radius = this.radius();
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
}
