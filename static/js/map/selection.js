// Which points stand out: those of an area that somebody drew, or of one group.
import { canvas, legend, live, map, painter, points, side } from "./parts.js";
import { closeRow } from "./rows.js";

const MAX_CORNERS = 60; // of an area, which is kept in an address
const chosen = document.querySelector("[data-map-selection]");
export let isSelecting = false;

export function select(corners) {
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

export function setSelecting(isOn) {
  isSelecting = isOn;
  map.querySelector("[data-map-lasso]").setAttribute("aria-pressed", String(isOn));
  canvas.classList.toggle("is-selecting", isOn);
}

export function clear() {
  painter.selected = null;
  painter.marked = [];
  painter.focus = -1;
  chosen.hidden = true;
  closeRow();
  for (const item of legend().querySelectorAll("[aria-pressed]")) item.setAttribute("aria-pressed", "false");
  setSelecting(false);
  painter.redraw();
}

// Let the points of one group stand out.
export function stress(button) {
  const isOn = button.getAttribute("aria-pressed") !== "true";
  for (const item of legend().querySelectorAll("[aria-pressed]")) item.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-pressed", String(isOn));
  painter.focus = isOn ? Number(button.dataset.code) : -1;
  painter.redraw();
}
