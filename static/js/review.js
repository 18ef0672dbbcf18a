// The review page by keyboard: keys press the buttons that carry data-key; J and K walk the table.
// The server saves a decision and answers with the next row, so a key counts only once the row it is meant for is shown.
(() => {
  const panel = () => document.getElementById("row-panel");
  const lines = () => [...document.querySelectorAll(".review-table tr[data-row]")];
  const lineOf = (row) => document.getElementById(`row-${row}`);
  const shownRow = () => panel()?.dataset.row;
  let decidedRow = null; // the row whose decision is on its way; a second key for it does not count

  function neighbour(step) {
    const all = lines();
    const index = all.findIndex((line) => line.dataset.row === shownRow());
    return all[index + step];
  }

  function show(line) {
    line?.querySelector("a[hx-get]")?.click();
  }

  function walk(step) {
    const line = neighbour(step);
    if (line) show(line);
    else document.querySelector(`.review-list a[rel=${step > 0 ? "next" : "prev"}]`)?.click();
  }

  // Marks the row of the panel in the table, and tells the panel its place.
  function follow() {
    const current = lineOf(shownRow());
    document.querySelectorAll(".review-table tr[aria-current]").forEach((line) => line.removeAttribute("aria-current"));
    if (!current) return;
    current.setAttribute("aria-current", "true");
    current.scrollIntoView({ block: "nearest" });
    const body = current.parentElement;
    const place = Number(body.dataset.first) + lines().indexOf(current);
    panel().querySelector("[data-position]").textContent = `${place} of ${body.dataset.total}`;
  }

  // The row after this one is known here, from the table; it goes with the decision, however quickly that comes.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target.closest("#row-panel")) event.detail.parameters.next = neighbour(1)?.dataset.row ?? "";
  });

  function isTyping(target) {
    return target.matches("textarea, select, input:not([type=checkbox]):not([type=radio])");
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === "Enter" && event.target.closest("a, button, summary, input")) return; // they have a use for it
    if (["j", "ArrowDown"].includes(key)) walk(1);
    else if (["k", "ArrowUp"].includes(key)) walk(-1);
    else {
      const button = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
      if (!button) return;
      if (button.matches("input:not([type=checkbox])")) button.focus();
      else if (button.matches("input")) button.click();
      else if (decidedRow !== shownRow() && !event.repeat) button.click();
    }
    event.preventDefault();
  });

  const isPanel = (event) => event.detail.target?.id === "row-panel";
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isPanel(event)) return;
    if (event.target.closest("form")) decidedRow = shownRow();
    panel().setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!isPanel(event)) return;
    decidedRow = null;
    panel()?.removeAttribute("aria-busy");
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "row-panel") return;
    document.querySelector(".review").dataset.pane = "row";
    follow();
  });

  document.addEventListener("DOMContentLoaded", follow);
})();
