// <details class="menu">: one open at a time, closed by a click elsewhere or Escape, arrows move within.
(() => {
  const openMenus = () => document.querySelectorAll("details.menu[open]");

  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of openMenus()) {
        const hadFocus = menu.contains(document.activeElement);
        menu.open = false;
        if (hadFocus) menu.querySelector("summary").focus();
        event.stopPropagation();
      }
      return;
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const menu = event.target.closest?.("details.menu[open]");
    if (!menu || event.target.matches("input, select, textarea")) return;
    const entries = [...menu.querySelectorAll(".menu-item")];
    if (!entries.length) return;
    const step = event.key === "ArrowDown" ? 1 : -1;
    const place = entries.indexOf(document.activeElement);
    entries[place < 0 ? (step > 0 ? 0 : entries.length - 1) : (place + step + entries.length) % entries.length].focus();
    event.preventDefault();
    event.stopPropagation();
  });

  document.addEventListener("focusout", (event) => {
    const menu = event.target.closest?.("details.menu[open]");
    if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
})();
