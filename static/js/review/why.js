// Why the row is flagged, below its labels; without JavaScript it is a page of its own.
import { say } from "./notices.js";
import { applyRegions } from "./regions.js";

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
