// A decision is sent in the background while the next row is shown at once; undo waits for the row that it brings back.
import { say } from "./notices.js";
import { showPage } from "./pages.js";
import { applyRegions } from "./regions.js";
import { save } from "./saves.js";
import { arrive, forgetRow, forgetRows, goalRow, holdUntil, isComing, keepPanel, showRow } from "./shown-row.js";
import { lineOf, markShownRow, neighbour, nextPage, panel, shownRow } from "./table.js";

// The words of a button without its key.
function wordsOf(button) {
  const words = button?.cloneNode(true);
  for (const extra of words?.querySelectorAll("kbd, small, svg, .number, [aria-hidden]") ?? []) extra.remove();
  return words?.textContent.trim().replace(/\s+/g, " ") || "Label";
}

const rowTitle = () => document.getElementById("row-title").textContent.trim();

// Text in the field of a set is no class yet; what it means is for the reviewer to say.
function leftoverText(form, body) {
  const field = form.querySelector("[data-class-field=set]");
  if (!field?.value.trim() || body.get("choice") !== "label") return false;
  field.focus();
  say(`“${field.value.trim()}” is not in the set yet. Enter adds a class from the list, Ctrl+Enter creates a new one.`);
  return true;
}

function leaveFor(next) {
  if (next) showRow(next);
  else showPage(nextPage());
}

async function decide(form, submitter) {
  const body = new FormData(form, submitter);
  if (leftoverText(form, body)) return;
  const row = shownRow();
  const address = location.href;
  const next = neighbour(row, 1);
  const isNewClass = body.has("new_class") || Boolean(form.querySelector("[data-created]:checked"));
  say("");
  const focused = document.activeElement;
  if (focused.matches("input") && form.contains(focused)) panel().focus({ preventScroll: true }); // the next keys are for the next row
  keepPanel(row);
  const line = lineOf(row);
  const decided = line?.dataset.action;
  line?.setAttribute("data-action", "saving"); // until the line comes anew
  const saved = save({ url: form.action, body, what: `${wordsOf(submitter)}, ${rowTitle()}` });
  if (!isNewClass) leaveFor(next);
  const answer = await (isNewClass ? holdUntil(saved) : saved);
  if (!answer) {
    line?.setAttribute("data-action", decided);
    if (isNewClass) return;
    if (lineOf(row)) showRow(row);
    else showPage(address); // its page was left meanwhile
    return;
  }
  applyRegions(answer.html);
  markShownRow();
  forgetRow(row);
  if (isNewClass) {
    forgetRows(); // every row offers the new class now
    leaveFor(next);
  } else if (goalRow() === row && next) showRow(row); // the reviewer went back to it meanwhile
}

// Undo, or the redo of its own button.
export async function undo(form, submitter) {
  say("");
  const url = submitter?.getAttribute("formaction") ?? form.action;
  const answer = await holdUntil(save({ url, body: new FormData(form), what: url === form.action ? "Undo" : "Redo" }));
  if (!answer) return;
  forgetRows();
  if (answer.redirect) {
    location.assign(answer.redirect);
    return;
  }
  applyRegions(answer.html);
  arrive();
}

// A tag: the row stays in the panel, which comes anew.
async function tag(form, submitter) {
  const row = shownRow();
  say("");
  panel().focus({ preventScroll: true });
  const answer = await holdUntil(save({ url: form.action, body: new FormData(form, submitter), what: `Tag, ${rowTitle()}` }));
  if (!answer) return;
  forgetRow(row);
  applyRegions(answer.html);
  arrive();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-decide], [data-undo], [data-tags]")) return;
  event.preventDefault();
  if (isComing()) say("The next row is still loading. Choose again once it is shown.");
  else if (form.matches("[data-undo]")) undo(form, event.submitter);
  else if (form.matches("[data-tags]")) tag(form, event.submitter);
  else if (panel().dataset.row) decide(form, event.submitter);
});
