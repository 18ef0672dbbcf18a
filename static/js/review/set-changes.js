// The set of classes of a row while it is switched but not applied: the panel says so, and leaving it asks once.
import { say } from "./notices.js";
import { panel } from "./table.js";

const boxes = () => [...(panel()?.querySelectorAll("input[name=applies]") ?? [])];
const hasChanges = () => boxes().some((box) => box.checked !== box.defaultChecked);
let warnedAbout = null;

export function showSetChanges() {
  const line = panel()?.querySelector("[data-set-changes]");
  if (!line) return;
  const names = boxes()
    .filter((box) => box.checked)
    .map((box) => box.value);
  line.hidden = !hasChanges();
  line.querySelector("b").textContent = `Your set, ${names.join(", ") || "no class"},`;
  warnedAbout = null;
}

export function resetSet() {
  if (!hasChanges()) return;
  for (const box of boxes()) box.checked = box.defaultChecked;
  showSetChanges();
}

export function mayLeave() {
  if (!hasChanges() || warnedAbout === panel()) return true;
  warnedAbout = panel();
  say("Your set is not applied yet. Enter applies it, Esc resets it. The same key or click again leaves the row without applying it.");
  return false;
}

export function addToSet(form, name) {
  const box = boxes().find((found) => found.value === name) ?? addedBox(form, name);
  box.checked = true;
  box.closest("details")?.setAttribute("open", "");
  box.closest("li").scrollIntoView({ block: "nearest" });
  showSetChanges();
}

// A line for a class that is not there yet.
function addedBox(form, name) {
  const list = form.querySelector(".classes");
  const item = list.querySelector("li").cloneNode(true);
  for (const extra of item.querySelectorAll(".bar, .number, .advice, small")) extra.remove();
  const box = item.querySelector("input");
  box.value = name;
  box.defaultChecked = false;
  box.dataset.created = "";
  delete box.dataset.key;
  box.removeAttribute("aria-keyshortcuts");
  item.querySelector("kbd").className = "no-key";
  item.querySelector("kbd").textContent = "";
  item.querySelector(".class-name > span").textContent = name;
  list.append(item);
  return box;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("#row-panel input[name=applies]")) showSetChanges();
});
