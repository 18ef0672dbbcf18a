// The review page: rows opened by a click, decisions by key, mouse or touch, and nothing left behind unsaved.
import { startColumns } from "./columns.js";
import { dropKeys } from "./keys.js";
import { say } from "./notices.js";
import { allSaved, nUnsaved } from "./saves.js";
import { startPanelWidth } from "./panel-width.js";
import { mayLeave } from "./set-changes.js";
import { selectTo, toggle } from "./selection.js";
import { showRow, start } from "./shown-row.js";
import "./class-field.js";
import "./row-text.js";
import "./history.js";
import "./why.js";

const isPlain = (event) => !(event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);

// A click anywhere on a line opens its row; one that ended a selection of text does not. With Shift or Ctrl it selects.
document.addEventListener("click", (event) => {
  const line = event.target.closest(".review-table tr[data-row]");
  if (!line || event.altKey || event.target.closest(".col-select")) return;
  if (event.shiftKey || event.ctrlKey || event.metaKey) {
    if (!event.shiftKey && event.target.closest("a")) return; // Ctrl+click on the link opens another tab
    event.preventDefault();
    if (event.shiftKey) selectTo(line.dataset.row);
    else toggle(line.dataset.row);
    return;
  }
  const control = event.target.closest("a, button, input, select, summary, label");
  const link = line.querySelector("td a");
  if (control ? control !== link : String(getSelection())) return;
  event.preventDefault();
  if (!mayLeave()) return;
  dropKeys();
  showRow(line.dataset.row);
});

// Whoever leaves the page while decisions are being saved leaves after that.
async function afterSaving(event, go) {
  event.preventDefault();
  say("Saving your decisions first.");
  if (await allSaved()) go();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented || !isPlain(event) || !nUnsaved()) return;
  if (link.target || link.getAttribute("href").startsWith("#")) return;
  afterSaving(event, () => location.assign(link.href));
});

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || !nUnsaved()) return;
  const { target, submitter } = event;
  afterSaving(event, () => target.requestSubmit(submitter));
});

// Clean Top K shows what it would do as soon as its dialog opens.
document.addEventListener(
  "toggle",
  ({ target, newState }) => {
    if (target.id === "top-k" && newState === "open") window.htmx.trigger(target.querySelector("form"), "change");
  },
  true,
);

// A browser calls letters in a field for a number "empty".
document.addEventListener(
  "invalid",
  ({ target }) => {
    if (target.matches("input[type=number]") && target.validity.badInput) target.setCustomValidity("Type a number, such as 123000.");
  },
  true,
);
document.addEventListener("input", ({ target }) => target.matches("input[type=number]") && target.setCustomValidity(""));

window.addEventListener("beforeunload", (event) => {
  if (nUnsaved()) event.preventDefault();
});

start();
startColumns();
startPanelWidth();
