// The way through the rows of the view: to the next one, or to the next one that nobody has decided about.
import { say } from "./notices.js";
import { showPage } from "./pages.js";
import { extend } from "./selection.js";
import { mayLeave } from "./set-changes.js";
import { goalRow, showRow } from "./shown-row.js";
import { neighbour, nextPage, shownRow, undecidedAfter } from "./table.js";

export function walk(step) {
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

// On this page, else on the next one that has one, else the end of the view.
export async function walkToUndecided() {
  if (!mayLeave()) return;
  const row = undecidedAfter(goalRow());
  if (row) {
    showRow(row);
    return;
  }
  const isThere = await showPage(nextPage());
  const isDecided = shownRow() && undecidedAfter(shownRow(), { isIncluded: true }) !== shownRow();
  if (isThere && isDecided) walkToUndecided();
}

export function extendSelection(step) {
  const next = mayLeave() && extend(shownRow(), step);
  if (next) showRow(next);
}
