// Applies the remembered theme before the first paint, and lets the button in the top bar change it.
(() => {
  const ORDER = ["system", "light", "dark"];
  const NAMES = { system: "as the system", light: "light", dark: "dark" };
  const root = document.documentElement;
  root.dataset.js = "";

  const stored = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage may be forbidden; the system's theme is then used
    }
  };

  const apply = (theme) => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
  };

  const show = (theme) => {
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.setAttribute("aria-label", `Theme: ${NAMES[theme]}`);
      button.title = `Theme: ${NAMES[theme]}`;
      for (const icon of button.querySelectorAll("[data-theme-icon]")) icon.hidden = icon.dataset.themeIcon !== theme;
    }
  };

  let current = ORDER.includes(stored()) ? stored() : "system";
  apply(current);
  document.addEventListener("DOMContentLoaded", () => show(current));

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    current = ORDER[(ORDER.indexOf(current) + 1) % ORDER.length];
    apply(current);
    show(current);
    try {
      localStorage.setItem("theme", current);
    } catch {
      // the choice then lasts for this page only
    }
  });
})();
