// The map of a run: zoom, pan, hover, the row of a point, the rows of an area. Without this file the page has a picture
// of the same map and its clusters in a table.
import { Painter } from "./painter.js";
import { Points } from "./points.js";
import { key, zoom } from "./keys.js";
import { hover, open } from "./rows.js";
import { clear, isSelecting, select, setSelecting, stress } from "./selection.js";
import { begin, canvas, legend, map, painter, points, side } from "./parts.js";

const CLICK_PX = 5; // that a pointer may move between down and up
const REACH_PX = 14; // between the pointer and a point

const pointers = new Map();
let pressed = null;

start();

async function start() {
  const [positions, codes] = await Promise.all([bytes(map.dataset.points), bytes(coloursUrl(map.dataset.by))]);
  const found = new Points(positions, side);
  const clusters = [...document.querySelectorAll("[data-cluster]")].map((row) => ({
    x: Number(row.dataset.x), y: side - Number(row.dataset.y), name: row.dataset.cluster,
  }));
  const density = Uint8Array.from(map.dataset.density.split(" "), Number);
  map.dataset.state = "drawing"; // shows the canvas in place of the picture
  begin(found, new Painter(canvas, { points: found, side, grid: Number(map.dataset.grid), density, clusters }));
  painter.codes = new Uint8Array(codes);
  painter.readColours(legend());
  new ResizeObserver(() => painter.resize()).observe(canvas);
  new MutationObserver(() => painter.readColours(legend())).observe(document.documentElement, { attributes: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => painter.readColours(legend()));
  listen();
  map.painter = painter; // for the measurement of frames
  map.dataset.state = "ready";
}

async function bytes(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.arrayBuffer();
}

function coloursUrl(by) {
  return `${map.dataset.colours}?${new URLSearchParams({ by })}`;
}

function listen() {
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    painter.zoomAt(event.offsetX, event.offsetY, Math.exp(-event.deltaY * 0.0015));
  }, { passive: false });
  canvas.addEventListener("pointerdown", press);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => hover(-1));
  canvas.addEventListener("keydown", key);
  document.addEventListener("click", click);
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-map-by]")) recolour(event.target.value);
  });
}

function press(event) {
  canvas.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
  pressed = { x: event.offsetX, y: event.offsetY, isLasso: isSelecting || event.shiftKey };
  painter.lasso = [];
  hover(-1);
}

function move(event) {
  const at = [event.offsetX, event.offsetY];
  if (!pointers.has(event.pointerId)) {
    const [x, y] = painter.onMap(...at);
    hover(points.nearest(x, y, REACH_PX / painter.scale), at);
    return;
  }
  const before = pointers.get(event.pointerId);
  if (pointers.size === 2) {
    pinch(event.pointerId, before, at);
  } else if (pressed?.isLasso) {
    painter.lasso.push(at);
    painter.redraw();
  } else {
    painter.pan(at[0] - before[0], at[1] - before[1]);
  }
  pointers.set(event.pointerId, at);
}

function pinch(id, before, at) {
  const [other] = [...pointers].filter(([key]) => key !== id).map(([, place]) => place);
  const was = Math.hypot(before[0] - other[0], before[1] - other[1]);
  const is = Math.hypot(at[0] - other[0], at[1] - other[1]);
  painter.zoomAt((at[0] + other[0]) / 2, (at[1] + other[1]) / 2, is / Math.max(was, 1));
  painter.pan((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
  pressed = null;
}

function release(event) {
  pointers.delete(event.pointerId);
  if (!pressed) return;
  const isClick = Math.hypot(event.offsetX - pressed.x, event.offsetY - pressed.y) < CLICK_PX;
  if (pressed.isLasso && !isClick) {
    select(painter.lasso.map(([x, y]) => painter.onMap(x, y)));
  } else if (isClick) {
    const [x, y] = painter.onMap(event.offsetX, event.offsetY);
    open(points.nearest(x, y, REACH_PX / painter.scale));
  }
  painter.lasso = [];
  painter.redraw();
  pressed = null;
}

function click(event) {
  const button = event.target.closest("[data-map-lasso], [data-map-zoom], [data-map-clear], [data-map-show], [data-code]");
  if (!button) return;
  if (button.matches("[data-map-lasso]")) setSelecting(!isSelecting);
  if (button.matches("[data-map-clear]")) clear();
  if (button.matches("[data-map-zoom]")) zoom(button.dataset.mapZoom);
  if (button.matches("[data-code]")) stress(button);
  if (button.matches("[data-map-show]")) {
    const row = button.closest("[data-cluster]");
    painter.show(Number(row.dataset.x), side - Number(row.dataset.y), 5);
    map.scrollIntoView({ block: "center" });
    canvas.focus();
  }
}

async function recolour(by) {
  const address = new URL(window.location.href);
  address.searchParams.set("by", by);
  const [page, codes] = await Promise.all([fetch(address).then((answer) => answer.text()), bytes(coloursUrl(by))]);
  const renewed = new DOMParser().parseFromString(page, "text/html").getElementById("map-legend");
  legend().replaceWith(renewed);
  painter.codes = new Uint8Array(codes);
  painter.focus = -1;
  painter.readColours(renewed);
  history.replaceState(null, "", address);
}
