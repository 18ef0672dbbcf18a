// The text of the row: a long one is cut until the reader wants more, and its size is remembered in this browser.
import { panel } from "./table.js";

const KEY = "review-text-size";
const SIZES = ["medium", "large", "small"];
const SLACK = 1.3; // a text that is hardly longer than the cut one is shown whole
const PAGE = 0.85;

const text = () => panel()?.querySelector("#row-text");
const more = () => panel()?.querySelector("#row-text-more");

function cut() {
  const button = more();
  if (!button) return;
  const { scrollHeight, clientHeight } = text();
  if (scrollHeight <= clientHeight * SLACK) panel().dataset.text = "whole";
  else button.hidden = false;
}

function showAll(isWhole) {
  if (isWhole) panel().dataset.text = "whole";
  else delete panel().dataset.text;
  more().setAttribute("aria-expanded", String(isWhole));
  more().firstElementChild.textContent = isWhole ? "Less" : "More";
}

// Space shows the whole text, then scrolls it; Shift+Space scrolls back.
export function readOn(direction) {
  const button = more();
  if (direction > 0 && button && !button.hidden && panel().dataset.text !== "whole") {
    showAll(true);
    return;
  }
  const body = panel().querySelector(".row-body");
  const scroller = body.scrollHeight > body.clientHeight ? body : document.scrollingElement;
  scroller.scrollBy({ top: direction * PAGE * scroller.clientHeight });
}

function storedSize() {
  try {
    return SIZES.find((size) => size === localStorage.getItem(KEY)) ?? SIZES[0];
  } catch {
    return SIZES[0]; // storage may be forbidden; the usual size is then used
  }
}

function applySize(size) {
  document.documentElement.dataset.rowText = size;
  const button = panel()?.querySelector("[data-text-size]");
  if (!button) return;
  button.title = `Text size: ${size}`;
  button.ariaLabel = button.title;
}

function chooseSize(size) {
  try {
    localStorage.setItem(KEY, size);
  } catch {
    // the size then lasts until the page is left
  }
  applySize(size);
}

function arrived() {
  applySize(document.documentElement.dataset.rowText ?? storedSize());
  cut();
}

document.addEventListener("click", ({ target }) => {
  if (target.closest("#row-text-more")) showAll(panel().dataset.text !== "whole");
  if (target.closest("[data-text-size]")) {
    const size = document.documentElement.dataset.rowText;
    chooseSize(SIZES[(SIZES.indexOf(size) + 1) % SIZES.length]);
    cut();
  }
});

document.addEventListener("review:shown", arrived);
arrived();
