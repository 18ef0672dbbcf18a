// Rows ticked in the table: by their boxes, by dragging over them, Ctrl+click, Shift+click for a range, X, Shift+J and Shift+K, or Ctrl+A.
import { say } from "./notices.js";
import { lineOf, neighbour, shownRow } from "./table.js";

let anchor = null; // where a range begins

const boxes = () => [...document.querySelectorAll(".review-table tbody .col-select input")];
const selected = () => boxes().filter((box) => box.checked);
const boxOf = (row) => lineOf(row)?.querySelector(".col-select input");

export const hasSelection = () => selected().length > 0;
export const selectionForm = () => document.getElementById("selection");

function tell() {
  const n = selected().length;
  const all = document.getElementById("select-all");
  all.checked = n > 0 && n === boxes().length;
  all.indeterminate = n > 0 && !all.checked;
  const place = selectionForm()?.querySelector("[data-selection-count]");
  if (place) place.textContent = `${n} selected`;
  document.getElementById("live").textContent = n === 1 ? "1 row selected" : `${n} rows selected`;
}

function setBoxes(list, isSelected) {
  for (const box of list) box.checked = isSelected;
  tell();
}

export function toggle(row) {
  const box = boxOf(row);
  if (!box) return;
  anchor = row;
  setBoxes([box], !box.checked);
}

export function selectTo(row) {
  const all = boxes();
  const ends = [all.indexOf(boxOf(anchor ?? shownRow())), all.indexOf(boxOf(row))].sort((one, other) => one - other);
  if (ends[0] < 0) toggle(row);
  else setBoxes(all.slice(ends[0], ends[1] + 1), true);
}

// Shift+J and Shift+K: the row that is shown is selected, then its neighbour, which is shown.
export function extend(row, step) {
  const next = neighbour(row, step);
  setBoxes([boxOf(row), next && boxOf(next)].filter(Boolean), true);
  return next;
}

export function selectPage() {
  setBoxes(boxes(), true);
  say("All rows of this page are selected.");
}

// The rows between the heading of a set of near duplicates and the next one.
function selectSet(head) {
  const list = [];
  for (let line = head.nextElementSibling; line?.dataset.row; line = line.nextElementSibling) {
    list.push(line.querySelector(".col-select input"));
  }
  setBoxes(list, true);
}

export function clearSelection() {
  if (!hasSelection()) return false;
  anchor = null;
  setBoxes(boxes(), false);
  return true;
}

document.addEventListener("change", ({ target }) => {
  if (target.id === "select-all") setBoxes(boxes(), target.checked);
  else if (target.matches(".col-select input")) {
    anchor = target.value;
    tell();
  }
});

// A drag over the boxes selects or clears all that it passes; going back restores the others.
let drag = null;

document.addEventListener("pointerdown", (event) => {
  const box = event.target.closest?.(".review-table tbody .col-select")?.querySelector("input");
  const isDrag = box && event.pointerType === "mouse" && !event.button && !event.shiftKey;
  drag = isDrag ? { from: box, isSelecting: !box.checked, before: new Set(selected()), hasMoved: false } : null;
});

document.addEventListener("pointerover", (event) => {
  const box = drag && event.target.closest?.(".review-table tbody tr")?.querySelector(".col-select input");
  if (!box || !(event.buttons & 1) || (box === drag.from && !drag.hasMoved)) return;
  drag.hasMoved = true;
  anchor = drag.from.value;
  const all = boxes();
  const [first, last] = [all.indexOf(drag.from), all.indexOf(box)].sort((one, other) => one - other);
  all.forEach((one, place) => {
    one.checked = place >= first && place <= last ? drag.isSelecting : drag.before.has(one);
  });
  tell();
});

// A drag that ends where it began would click the box.
document.addEventListener(
  "click",
  (event) => {
    if (drag?.hasMoved && event.target.closest(".col-select")) event.preventDefault();
    drag = null;
  },
  true,
);

// Enter on a box would send the form without a decision.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches(".col-select input")) event.preventDefault();
});

// A click that selects rows neither marks text nor moves the focus.
document.addEventListener("mousedown", (event) => {
  const isSelecting = event.shiftKey || event.ctrlKey || event.metaKey;
  if (isSelecting && event.target.closest(".review-table tbody tr")) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-clear-selection]")) clearSelection();
  const ofSet = event.target.closest("[data-select-set]");
  if (ofSet) selectSet(ofSet.closest("tr"));
  const all = event.target.closest("[data-all-rows]");
  if (!all) return;
  const field = document.getElementById("top-k-k");
  field.value = all.dataset.allRows;
  field.dispatchEvent(new Event("change", { bubbles: true })); // the preview counts the rows first
});
