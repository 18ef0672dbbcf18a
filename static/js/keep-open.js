// A <details id> that the reader opened stays open, and its log scrolled, when htmx replaces the region around it.
(() => {
  const open = new Map();

  document.addEventListener("htmx:beforeSwap", (event) => {
    for (const details of event.detail.target.querySelectorAll("details[id][open]")) {
      open.set(details.id, details.querySelector(".log")?.scrollTop ?? 0);
    }
  });

  document.addEventListener("htmx:afterSettle", () => {
    for (const [id, scroll] of open) {
      const details = document.getElementById(id);
      if (!(details instanceof HTMLDetailsElement)) continue;
      details.open = true;
      const log = details.querySelector(".log");
      if (log) log.scrollTop = scroll;
    }
    open.clear();
  });
})();
