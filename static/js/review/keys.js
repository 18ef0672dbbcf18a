// The page by keyboard: keys press the buttons that carry data-key; J and K walk the table. A key that comes while its
// row is still on its way waits for it, and rows that keys are waiting for pass by slowly enough to be seen.
import { undo } from "./decide.js";
import { goTo, isGoingTo, openPalette, startGoing } from "./go.js";
import { say, showCounts } from "./notices.js";
import { actionOf, stepOf } from "./own-keys.js";
import { readOn } from "./row-text.js";
import { nUnsaved } from "./saves.js";
import { clearSelection, hasSelection, selectPage, selectionForm, toggle } from "./selection.js";
import { resetSet } from "./set-changes.js";
import { goalRow, isComing } from "./shown-row.js";
import { shownRow } from "./table.js";
import { extendSelection, walk, walkToUndecided } from "./walk.js";

const SEEN_MS = 60;
const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
const OTHERS = ["/", "?", "x", "h", "t", "y", "g", "d", " "];
const DECISIONS = ["w", "q", "e", "n", "u", "redo", "l", "Enter", ..."123456789"];
const waiting = [];
let isServing = false;

const isTyping = (target) => target.matches("textarea, select, input:not([type=checkbox]):not([type=radio])");

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

function act({ key, name, shiftKey }) {
  if (isTyping(document.activeElement)) typeInto(document.activeElement, key);
  else if (isGoingTo()) goTo(key);
  else if (STEPS[name]) walk(STEPS[name]);
  else if (name === "d") walkToUndecided();
  else if (name === "g") startGoing();
  else if (name === " ") readOn(shiftKey ? -1 : 1);
  else if (name === "Escape") clearSelection() || resetSet();
  else if (name === "x") toggle(shownRow());
  else press(name);
}

function hold(press) {
  waiting.push(press);
  showCounts({ waiting: waiting.length });
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

export function dropKeys() {
  const n = waiting.length;
  if (!n) return;
  waiting.length = 0;
  showCounts({ waiting: 0 });
  say(n === 1 ? "One waiting key press was discarded." : `${n} waiting key presses were discarded.`);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return;
  const { key, shiftKey } = event;
  const isChord = event.ctrlKey || event.metaKey;
  if (isChord && key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
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
  if (name === " " && event.target.closest("button, summary, input")) return;
  const isForField = waiting.some((earlier) => ["l", "t", "/"].includes(earlier.name)); // its text comes before the field
  const isKnown = isForField || STEPS[name] || name === "Escape" || DECISIONS.includes(name) || OTHERS.includes(name);
  if (!isKnown && !(isGoingTo() && key.length === 1)) return;
  if (name !== "Escape") event.preventDefault();
  if (event.repeat && !STEPS[name] && name !== " ") return; // a key that is held down decides once
  const isOnTheWay = isComing() && !(STEPS[name] && goalRow());
  if (shiftKey && STEPS[name]) {
    if (!isComing()) extendSelection(STEPS[name]);
  } else if (name === "Escape" && waiting.length) dropKeys();
  else if (waiting.length || (isOnTheWay && !["/", "?"].includes(name))) hold({ key, name, shiftKey });
  else act({ key, name, shiftKey });
});

document.addEventListener("review:command", ({ detail: name }) => (isComing() ? hold : act)({ key: name, name }));

document.addEventListener("review:shown", serve);
document.addEventListener("review:stopped", dropKeys);
