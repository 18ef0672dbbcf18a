// The row of a point: its text beside the pointer, and the whole row beside the map.
import { canvas, live, map, painter, points, side } from "./parts.js";

const HOVER_MS = 70;
const tip = map.querySelector("[data-map-tip]");
const panel = document.querySelector("[data-map-row]");
const cards = new Map();
let hovered = -1;
let timer = 0;

// Go to the next point in a direction, and tell which row it is.
export async function walk([dx, dy]) {
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

export function hover(i, at) {
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
export async function open(i) {
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

export function closeRow() {
  panel.hidden = true;
}
