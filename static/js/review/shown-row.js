// Shows rows in the panel. The next rows are fetched ahead, so that a decision leads to the next row at once.
import { say } from "./notices.js";
import { regionIn, replaceRegion } from "./regions.js";
import { addressOf, markShownRow, neighbour, panel, shownRow } from "./table.js";

const N_AHEAD = 3;
const SOMETHING = Symbol("something other than a row of this page");
const panels = new Map(); // row → { html, promise }
let coming = null; // what is on its way into the panel

export const isComing = () => coming !== null;
// The row that is shown, or is on its way; undefined while an undo or another page is.
export const goalRow = () => (isComing() ? [coming].find((row) => row !== SOMETHING) : shownRow());
// The panel as it is, to go back to it where its decision cannot be saved.
export const keepPanel = (row) => panels.set(row, { html: panel().outerHTML, promise: Promise.resolve() });
export const forgetRow = (row) => panels.delete(row);
export function forgetRows() {
  panels.clear();
  document.dispatchEvent(new Event("review:outdated"));
}

function setComing(what) {
  coming = what;
  if (what === null) panel()?.removeAttribute("aria-busy");
  else panel()?.setAttribute("aria-busy", "true");
}

export async function textOf(address, headers, signal) {
  const response = await fetch(address, { headers, signal });
  if (!response.ok || response.redirected) throw new Error(`${address} answered ${response.status}`);
  return response.text();
}

function fetchedPanel(row) {
  if (!panels.has(row)) {
    const entry = { html: null };
    entry.promise = textOf(addressOf(row), { "HX-Request": "true" }).then((html) => {
      entry.html = html;
    });
    entry.promise.catch(() => panels.delete(row));
    panels.set(row, entry);
  }
  return panels.get(row);
}

export async function showRow(row) {
  const entry = fetchedPanel(row);
  if (entry.html === null) {
    setComing(row);
    try {
      await entry.promise;
    } catch {
      if (coming === row) stay("The row could not be loaded. Check that the studio is running, then try again.");
      return;
    }
    if (coming !== row) return;
    if (panels.get(row) !== entry) {
      showRow(row); // it was decided about meanwhile
      return;
    }
  }
  const fresh = regionIn(entry.html, "row-panel");
  replaceRegion(panel(), fresh);
  arrive();
}

// The panel shows another row: everything around it follows.
export function arrive() {
  setComing(null);
  const row = shownRow();
  document.querySelector(".review").dataset.pane = "row";
  if (addressOf(row)) history.replaceState(history.state, "", addressOf(row));
  markShownRow();
  document.dispatchEvent(new Event("review:shown"));
  lookAhead(row);
}

// The page as it was loaded.
export function start() {
  markShownRow();
  lookAhead(shownRow());
}

async function lookAhead(row) {
  let next = neighbour(row, 1);
  for (let step = 1; next && step <= N_AHEAD && goalRow() === row; step += 1) {
    try {
      await fetchedPanel(next).promise;
    } catch {
      return; // it is told when the row is to be shown
    }
    next = neighbour(next, 1);
  }
}

export function stay(sentence) {
  setComing(null);
  if (sentence) say(sentence);
  document.dispatchEvent(new Event("review:stopped"));
}

// Keys wait until the promise is settled; returns what it came to, or null where another row was asked for meanwhile.
export async function holdUntil(promise) {
  setComing(SOMETHING);
  const found = await promise;
  if (coming !== SOMETHING) return null;
  if (found) setComing(null);
  else stay();
  return found;
}
