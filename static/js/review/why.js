// Why the row is flagged, below its labels: one sentence by itself, the rest on request. Without JavaScript it is a
// page of its own.
import { say } from "./notices.js";
import { applyRegions } from "./regions.js";
import { textOf } from "./shown-row.js";

const READING_MS = 300; // a row that is left sooner is not explained
let timer = 0;
let asked = new AbortController();

// The sentence comes after its row, never before the next one: what is on its way is cancelled.
function explainSoon() {
  clearTimeout(timer);
  asked.abort();
  const line = document.querySelector("[data-why-line]");
  if (!line || line.textContent) return;
  asked = new AbortController();
  const { signal } = asked;
  timer = setTimeout(async () => {
    try {
      line.textContent = await textOf(line.dataset.whyLine, {}, signal);
    } catch {
      // nobody asked for the sentence; whoever presses Y is told what is wrong
    }
  }, READING_MS);
}

document.addEventListener("review:shown", explainSoon);
explainSoon();

document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-explain]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { row } = document.getElementById("row-panel").dataset;
  try {
    const response = await fetch(link.href, { headers: { "HX-Request": "true" } });
    if (!response.ok) throw new Error(response.statusText);
    const html = await response.text();
    if (document.getElementById("row-panel").dataset.row !== row) return; // another row is shown by now
    applyRegions(html);
    document.querySelector("#row-why h3").scrollIntoView({ block: "nearest" });
  } catch {
    say("The explanation could not be loaded. Check that the studio is running, then try again.");
  }
});
