// Pages of the view, one after the other. The next one is fetched while the last rows of this one are read.
import { startColumns } from "./columns.js";
import { startPanelWidth } from "./panel-width.js";
import { regionIn } from "./regions.js";
import { allSaved } from "./saves.js";
import { arrive, forgetRows, holdUntil, stay, textOf } from "./shown-row.js";
import { neighbour, nextPage, shownRow } from "./table.js";

const LAST_ROWS = 8;
const LIVE = ["review-counts", "review-work", "improve", "last-action"]; // what decisions changed since a page was fetched
let ahead = null; // { address, html }

function isNearEnd() {
  let row = shownRow();
  for (let n = 0; row && n < LAST_ROWS; n += 1) row = neighbour(row, 1);
  return !row;
}

// Only where decisions on this page leave the next one as it is.
function lookAhead() {
  const address = nextPage();
  const isSteady = !new URLSearchParams(address).has("action") && document.querySelector(".review-list a[rel=next]");
  if (!isSteady || !isNearEnd() || ahead?.address === address) return;
  ahead = { address, html: textOf(address) };
  ahead.html.catch(() => {
    ahead = null; // it is asked for again when it is needed
  });
}

function keepLiveRegions(main) {
  for (const id of LIVE) {
    const outdated = main.querySelector(`#${id}`);
    const live = document.getElementById(id);
    if (!outdated || !live) continue;
    const view = outdated.querySelector("[name=view]")?.value;
    outdated.replaceWith(live);
    if (view) live.querySelector("[name=view]").value = view;
  }
}

// Another page takes the place of this one without a new history entry, so that no key is lost on the way.
// Resolves to whether it did.
export async function showPage(address) {
  const isAhead = ahead?.address === address;
  if (!isAhead && !(await holdUntil(allSaved()))) return false; // decisions may change which rows are on it
  let html;
  try {
    html = await holdUntil(isAhead ? ahead.html : textOf(address));
  } catch {
    stay("The next page could not be loaded. Check that the studio is running, then try again.");
    return false;
  }
  const main = html && regionIn(html, "main");
  if (!main?.querySelector(".review")) {
    if (html) location.assign(address);
    return false;
  }
  if (isAhead) keepLiveRegions(main);
  document.getElementById("main").replaceWith(main);
  window.htmx.process(main);
  startColumns();
  startPanelWidth();
  history.replaceState(history.state, "", address);
  forgetRows();
  arrive();
  return true;
}

document.addEventListener("review:shown", lookAhead);
document.addEventListener("review:outdated", () => {
  ahead = null;
});
