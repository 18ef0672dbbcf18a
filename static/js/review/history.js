// The history of the row in a dialog, once all decisions are saved; without JavaScript it is a page of its own.
import { regionIn } from "./regions.js";
import { allSaved } from "./saves.js";

document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-history]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const body = document.getElementById("history-body");
  document.getElementById("history-title").textContent = `History of ${document.getElementById("row-title").textContent.trim()}`;
  body.textContent = "Loading…";
  document.getElementById("history").showModal();
  await allSaved();
  try {
    const response = await fetch(link.href, { headers: { "HX-Request": "true" } });
    body.replaceChildren(regionIn(await response.text(), "row-history"));
  } catch {
    body.textContent = "The history could not be loaded. Check that the studio is running, then try again.";
  }
});
