// The page by keyboard: keys press the buttons that carry data-key; J and K walk the table. A key that comes while its
// row is still on its way waits for it, and rows that keys are waiting for pass by slowly enough to be seen.
import { undo } from "./decide.js";
import { say, showCounts } from "./notices.js";
import { nUnsaved } from "./saves.js";
import { clearSelection, extend, hasSelection, selectPage, selectionForm, toggle } from "./selection.js";
import { mayLeave, resetSet } from "./set-changes.js";
import { goalRow, isComing, showPage, showRow } from "./shown-row.js";
import { neighbour, shownRow } from "./table.js";

const SEEN_MS = 60;
const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
const DECISIONS = ["w", "q", "e", "n", "u", "redo", "l", "Enter", ..."123456789"];
const waiting = [];
let isServing = false;

const isTyping = (target) => target.matches("textarea, select, input:not([type=checkbox]):not([type=radio])");

function walk(step) {
  if (!mayLeave()) return;
  const row = neighbour(goalRow(), step);
  if (row) {
    showRow(row);
    return;
  }
  const page = document.querySelector(`.review-list a[rel=${step > 0 ? "next" : "prev"}]`);
  if (page) showPage(page.href);
  else say(step > 0 ? "This is the last row of the view." : "This is the first row of the view.");
}

function buttonOf(key) {
  const selector = `[data-key="${CSS.escape(key)}"]`;
  if (hasSelection() && DECISIONS.includes(key) && !["u", "redo"].includes(key)) return selectionForm().querySelector(selector);
  return document.querySelector(selector);
}

function press(key) {
  const button = buttonOf(key);
  const refusal = document.querySelector(".review").dataset.readOnly;
  if (refusal && DECISIONS.includes(key) && !button?.matches("a")) say(refusal);
  else if (!button && key === "redo") say("There is nothing to redo.");
  else if (!button && hasSelection()) say("Rows are selected: the keys of decisions act on them, Esc clears the selection.");
  else if (!button) return;
  else if (key === "u" && button.disabled && nUnsaved()) undo(button.form);
  else if (button.matches(":disabled")) say(button.dataset.why ?? "");
  else if (button.matches("input:not([type=checkbox])")) button.focus();
  else button.click();
}

// A key that waited while the key before it led into a field belongs into the field.
function typeInto(field, key) {
  if (key.length === 1) {
    field.setRangeText(key, field.selectionStart ?? 0, field.selectionEnd ?? 0, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  } else {
    const isUntouched = field.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    if (isUntouched && key === "Enter") field.form?.requestSubmit();
  }
}

function act({ key, name }) {
  if (isTyping(document.activeElement)) typeInto(document.activeElement, key);
  else if (STEPS[name]) walk(STEPS[name]);
  else if (name === "Escape") clearSelection() || resetSet();
  else if (name === "x") toggle(shownRow());
  else press(name);
}

function extendSelection(step) {
  const next = mayLeave() && extend(shownRow(), step);
  if (next) showRow(next);
}

async function serve() {
  if (isServing) return;
  isServing = true;
  while (waiting.length && !isComing()) {
    await new Promise((resolve) => setTimeout(resolve, SEEN_MS));
    if (isComing() || !waiting.length) break;
    act(waiting.shift());
    showCounts({ waiting: waiting.length });
  }
  isServing = false;
  if (waiting.length && !isComing()) serve();
}

// Keys of the reader's own choice stand for actions with other default keys.
const ownKeys = JSON.parse(document.querySelector(".review").dataset.keys ?? "{}");
const replaced = new Set(Object.values(ownKeys));

const actionOf = (key) => ownKeys[key] ?? (replaced.has(key) ? "" : key);

// What Ctrl+Z, Ctrl+Y and Shift+U stand for.
function stepOf({ key, shiftKey, ctrlKey, metaKey }) {
  const letter = key.toLowerCase();
  if (!ctrlKey && !metaKey) return actionOf(letter) === "u" && shiftKey ? "redo" : "";
  if (letter === "y") return "redo";
  if (letter === "z") return shiftKey ? "redo" : "u";
  return "";
}

export function dropKeys() {
  const n = waiting.length;
  if (!n) return;
  waiting.length = 0;
  showCounts({ waiting: 0 });
  say(n === 1 ? "One waiting key press was discarded." : `${n} waiting key presses were discarded.`);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return;
  const { key } = event;
  const isChord = event.ctrlKey || event.metaKey;
  if (isChord && !isTyping(event.target) && key.toLowerCase() === "a") {
    event.preventDefault();
    selectPage();
    return;
  }
  const step = stepOf(event);
  if (isChord && !step) return;
  if (isTyping(event.target)) {
    if (key === "Escape") event.target.blur();
    return;
  }
  const name = step || (key.length === 1 ? actionOf(key.toLowerCase()) : key);
  if (name === "Enter" && event.target.closest("a, button, summary, input")) return; // they have a use for it
  const isForField = waiting.some((earlier) => ["l", "t", "/"].includes(earlier.name)); // its text comes before the field
  const isKnown = isForField || STEPS[name] || name === "Escape" || DECISIONS.includes(name) || ["/", "?", "x", "h", "t", "y"].includes(name);
  if (!isKnown) return;
  if (name !== "Escape") event.preventDefault();
  if (event.repeat && !STEPS[name]) return; // a key that is held down decides once
  const isOnTheWay = isComing() && !(STEPS[name] && goalRow());
  if (event.shiftKey && STEPS[name]) {
    if (!isComing()) extendSelection(STEPS[name]);
  } else if (name === "Escape" && waiting.length) dropKeys();
  else if (waiting.length || (isOnTheWay && !["/", "?"].includes(name))) {
    waiting.push({ key, name });
    showCounts({ waiting: waiting.length });
  } else act({ key, name });
});

document.addEventListener("review:shown", serve);
document.addEventListener("review:stopped", dropKeys);
