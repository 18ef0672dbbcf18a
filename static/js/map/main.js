// The map of a run: zoom, pan, hover, the row of a point, the rows of an area. Without this file the page has a picture
// of the same map and its clusters in a table.
import { Painter } from "./painter.js";
import { Points } from "./points.js";

const MAX_CORNERS = 60; // of an area, which is kept in an address
const CLICK_PX = 5; // that a pointer may move between down and up
const REACH_PX = 14; // between the pointer and a point
const HOVER_MS = 70;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

const map = document.querySelector("[data-map]");
const canvas = map.querySelector("canvas");
const tip = map.querySelector("[data-map-tip]");
const panel = document.querySelector("[data-map-row]");
const chosen = document.querySelector("[data-map-selection]");
const live = document.getElementById("live");
const side = Number(map.dataset.side);
const cards = new Map();
const pointers = new Map();
let painter = null;
let points = null;
let isSelecting = false;
let pressed = null;
let hovered = -1;
let timer = 0;

start();

async function start() {
  const [positions, codes] = await Promise.all([bytes(map.dataset.points), bytes(coloursUrl(map.dataset.by))]);
  points = new Points(positions, side);
  const clusters = [...document.querySelectorAll("[data-cluster]")].map((row) => ({
    x: Number(row.dataset.x), y: side - Number(row.dataset.y), name: row.dataset.cluster,
  }));
  const density = Uint8Array.from(map.dataset.density.split(" "), Number);
  map.dataset.state = "drawing"; // shows the canvas in place of the picture
  painter = new Painter(canvas, { points, side, grid: Number(map.dataset.grid), density, clusters });
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

function legend() {
  return document.getElementById("map-legend");
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

function key(event) {
  const step = STEPS[event.key];
  if (step && event.shiftKey) {
    painter.pan(-60 * step[0], 60 * step[1]);
  } else if (step) {
    walk(step);
  } else if (event.key === "Enter" && painter.marked.length) {
    open(painter.marked[0]);
  } else if (event.key === "+" || event.key === "=") {
    painter.zoomAt(painter.width / 2, painter.height / 2, 1.4);
  } else if (event.key === "-") {
    painter.zoomAt(painter.width / 2, painter.height / 2, 1 / 1.4);
  } else if (event.key === "0") {
    painter.show(side / 2, side / 2, 1);
  } else if (event.key === "Escape") {
    clear();
  } else {
    return;
  }
  event.preventDefault();
}

// Go to the next point in a direction, and tell which row it is.
async function walk([dx, dy]) {
  const from = painter.marked[0] ?? points.nearest(painter.view.x, painter.view.y, 2 * side);
  const to = painter.marked.length ? points.towards(from, dx, dy) : from;
  painter.marked = [to];
  const [left, top] = painter.onScreen(points.at[2 * to], points.at[2 * to + 1]);
  if (left < 20 || top < 20 || left > painter.width - 20 || top > painter.height - 20) {
    painter.show(points.at[2 * to], points.at[2 * to + 1], painter.view.zoom);
  }
  painter.redraw();
  const html = await card(to);
  if (painter.marked[0] === to) live.textContent = textOf(html);
}

function hover(i, at) {
  if (i === hovered) return;
  hovered = i;
  clearTimeout(timer);
  tip.hidden = true;
  canvas.classList.toggle("is-over", i !== -1);
  if (i === -1) return;
  timer = setTimeout(async () => {
    const html = await card(i);
    if (hovered !== i) return;
    tip.innerHTML = html;
    tip.hidden = false;
    const isRight = at[0] > painter.width / 2;
    tip.style.left = `${isRight ? at[0] - tip.offsetWidth - 16 : at[0] + 16}px`;
    tip.style.top = `${Math.min(Math.max(at[1] - 20, 4), painter.height - tip.offsetHeight - 4)}px`;
  }, HOVER_MS);
}

async function card(i) {
  const row = points.rows[i];
  if (!cards.has(row)) {
    const response = await fetch(`${map.dataset.rows.slice(0, -1)}${row}`);
    cards.set(row, response.ok ? await response.text() : "");
  }
  return cards.get(row);
}

function textOf(html) {
  return new DOMParser().parseFromString(html, "text/html").body.textContent.replace(/\s+/g, " ").trim();
}

// Show the row of a point beside the map, and ring the rows nearest to it.
async function open(i) {
  if (i === -1) return;
  painter.marked = [i];
  painter.redraw();
  const response = await fetch(`${map.dataset.rows.slice(0, -1)}${points.rows[i]}?near=1`);
  if (!response.ok || painter.marked[0] !== i) return;
  panel.innerHTML = await response.text();
  panel.hidden = false;
  const near = panel.querySelector("[data-near]").dataset.near.split(",").filter(Boolean).map(Number);
  painter.marked = [i, ...near.map((row) => points.indexOf.get(row)).filter((other) => other !== undefined)];
  painter.redraw();
  live.textContent = textOf(panel.innerHTML);
}

function select(corners) {
  const rounded = thinned(corners).map(([x, y]) => [limited(x), limited(y)]);
  if (rounded.length < 3) return;
  const inside = points.inside(rounded);
  const n = inside.reduce((sum, one) => sum + one, 0);
  painter.selected = n ? inside : null;
  chosen.hidden = false;
  chosen.querySelector("[data-map-count]").textContent = n === 1 ? "1 row selected" : `${n.toLocaleString("en")} rows selected`;
  const written = map.dataset.area + rounded.map(([x, y]) => `${x}.${y}`).join("-");
  for (const link of chosen.querySelectorAll("[data-url]")) {
    link.href = link.dataset.url.replace("AMONG", encodeURIComponent(written));
    link.hidden = !n;
  }
  live.textContent = chosen.querySelector("[data-map-count]").textContent;
  setSelecting(false);
}

// Every so many corners; what is drawn by hand has more than an address has room for.
function thinned(corners) {
  const step = Math.ceil(corners.length / MAX_CORNERS);
  return corners.filter((_, place) => place % step === 0);
}

function limited(value) {
  return Math.round(Math.min(Math.max(value, 0), 9 * side));
}

function setSelecting(isOn) {
  isSelecting = isOn;
  map.querySelector("[data-map-lasso]").setAttribute("aria-pressed", String(isOn));
  canvas.classList.toggle("is-selecting", isOn);
}

function clear() {
  painter.selected = null;
  painter.marked = [];
  painter.focus = -1;
  chosen.hidden = true;
  panel.hidden = true;
  for (const item of legend().querySelectorAll("[aria-pressed]")) item.setAttribute("aria-pressed", "false");
  setSelecting(false);
  painter.redraw();
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

function zoom(kind) {
  if (kind === "all") painter.show(side / 2, side / 2, 1);
  else painter.zoomAt(painter.width / 2, painter.height / 2, kind === "in" ? 1.6 : 1 / 1.6);
}

// Let the points of one group stand out.
function stress(button) {
  const isOn = button.getAttribute("aria-pressed") !== "true";
  for (const item of legend().querySelectorAll("[aria-pressed]")) item.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-pressed", String(isOn));
  painter.focus = isOn ? Number(button.dataset.code) : -1;
  painter.redraw();
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
