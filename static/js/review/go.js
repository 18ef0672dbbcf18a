// G and a letter open a view; Ctrl+K opens a list of everything that the page can do.
import { fold } from "./class-names.js";
import { say } from "./notices.js";

let isGoing = false;

const dialog = () => document.getElementById("palette");
const field = () => dialog().querySelector("input");
const options = () => [...dialog().querySelectorAll("[role=option]")];
const matching = () => options().filter((option) => !option.hidden);
const chosen = () => dialog().querySelector("[aria-selected=true]");
const views = () => [...document.querySelectorAll(".review-rail [data-go]")];
const titleOf = (link) => link.firstChild.textContent.trim();

export const isGoingTo = () => isGoing;

export function startGoing() {
  isGoing = true;
  say(`Go to: ${views().map((link) => `${link.dataset.go.toUpperCase()} ${titleOf(link)}`).join(", ")}`);
}

// The second key: that of a view, or one that ends it.
export function goTo(key) {
  isGoing = false;
  const link = views().find((view) => view.dataset.go === key.toLowerCase());
  say(link || key === "Escape" ? "" : `No view has the keys G ${key.toUpperCase()}.`);
  link?.click();
}

export function openPalette() {
  field().value = "";
  filter();
  dialog().showModal();
}

function highlight(option) {
  chosen()?.removeAttribute("aria-selected");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  field().setAttribute("aria-activedescendant", option?.id ?? "");
}

function filter() {
  const words = fold(field().value).split(" ");
  for (const option of options()) {
    const name = fold(option.textContent);
    option.hidden = !words.every((word) => name.includes(word));
  }
  dialog().querySelector("[data-no-match]").hidden = matching().length > 0;
  highlight(matching()[0]);
}

function run(option) {
  if (!option) return;
  field().blur(); // the command is for the page
  dialog().close();
  const { href, press } = option.dataset;
  if (press) document.dispatchEvent(new CustomEvent("review:command", { detail: press }));
  else {
    const link = document.createElement("a"); // it goes the way of all links: unsaved decisions first, dialogs in place
    link.href = href;
    document.body.append(link);
    link.click();
    link.remove();
  }
}

document.addEventListener("input", ({ target }) => target.closest("#palette") && filter());

document.addEventListener("click", ({ target }) => run(target.closest("#palette [role=option]")));

document.addEventListener("keydown", (event) => {
  if (!event.target.closest("#palette")) return;
  const found = matching();
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) highlight(found.at((found.indexOf(chosen()) + step) % found.length));
  else if (event.key === "Enter" && event.target === field()) run(chosen());
  else return;
  event.preventDefault();
});
