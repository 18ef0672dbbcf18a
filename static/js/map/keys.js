// The keys of the map, and its buttons for zooming.
import { painter, side } from "./parts.js";
import { open, walk } from "./rows.js";
import { clear } from "./selection.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export function key(event) {
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

export function zoom(kind) {
  if (kind === "all") painter.show(side / 2, side / 2, 1);
  else painter.zoomAt(painter.width / 2, painter.height / 2, kind === "in" ? 1.6 : 1 / 1.6);
}
