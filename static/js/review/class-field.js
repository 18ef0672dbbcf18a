// A field for a class: it lists the classes that match what is typed, and Enter takes the best one. A new class needs
// its own choice, the last line of the list or Ctrl+Enter. The arrow down lists all classes, those used last first.
import { fold, matchingClasses, recentFirst, remember } from "./class-names.js";
import { say } from "./notices.js";
import { addToSet } from "./set-changes.js";

const SHOWN = "[role=option]";
let nLists = 0;
let askedAgain = ""; // a name that nearly is a class: the second Ctrl+Enter creates it all the same

const known = () => recentFirst([...document.querySelectorAll("#known-classes option")].map((option) => option.value));
const listOf = (field) => document.getElementById(field.getAttribute("aria-controls"));
const chosenIn = (field) => listOf(field).querySelector("[aria-selected=true]");

function enhance(field) {
  const list = document.createElement("ul");
  list.id = `class-list-${(nLists += 1)}`;
  list.className = "class-list";
  list.role = "listbox";
  list.ariaLabel = "Matching classes";
  list.hidden = true;
  field.removeAttribute("list");
  field.role = "combobox";
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", "false");
  field.closest(".class-field").append(list);
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (event) => choose(field, event.target.closest(SHOWN)));
  field.addEventListener("input", () => open(field));
  field.addEventListener("blur", () => close(field));
  field.addEventListener("keydown", (event) => onKey(field, event));
}

function line(list, text, create = "") {
  const option = document.createElement("li");
  option.id = `${list.id}-${list.children.length}`;
  option.role = "option";
  option.dataset.name = text;
  option.textContent = text;
  if (create) {
    option.dataset.create = "";
    option.textContent = `Create class “${text}”`;
    const hint = document.createElement("small");
    hint.textContent = create;
    option.append(" ", hint);
  }
  list.append(option);
}

function open(field) {
  const list = listOf(field);
  const typed = field.value.trim();
  list.replaceChildren();
  for (const name of matchingClasses(typed, known())) line(list, name);
  const near = nearSpelling(typed);
  if (typed && !known().includes(typed)) line(list, typed, near ? `“${near}” already exists` : "Ctrl+Enter");
  list.hidden = !list.children.length;
  field.setAttribute("aria-expanded", String(!list.hidden));
  highlight(field, list.querySelector(`${SHOWN}:not([data-create])`));
  if (!list.hidden) list.scrollIntoView({ block: "nearest" });
}

const nearSpelling = (typed) => known().find((name) => name !== typed && fold(name) === fold(typed));

function highlight(field, option) {
  chosenIn(field)?.removeAttribute("aria-selected");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) field.setAttribute("aria-activedescendant", option.id);
  else field.removeAttribute("aria-activedescendant");
}

function close(field) {
  listOf(field).hidden = true;
  field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
}

function onKey(field, event) {
  const list = listOf(field);
  const options = [...list.querySelectorAll(SHOWN)];
  const isOpen = !list.hidden;
  if (event.key === "Enter") {
    if (!field.value.trim()) return; // an empty field of a set applies the set
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) createTyped(field);
    else if (isOpen && chosenIn(field)) choose(field, chosenIn(field));
    else if (!isOpen) open(field);
    else say(`No class matches “${field.value.trim()}”. Ctrl+Enter creates it.`);
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (!isOpen) open(field);
    const step = event.key === "ArrowDown" ? 1 : -1;
    const place = options.indexOf(chosenIn(field));
    if (isOpen) highlight(field, options.at((place + step + options.length) % options.length));
  } else if (event.key === "Escape" && isOpen) {
    event.preventDefault();
    close(field);
  }
}

function createTyped(field) {
  const typed = field.value.trim();
  const near = nearSpelling(typed);
  if (known().includes(typed)) take(field, typed, false);
  else if (near && askedAgain !== typed) {
    askedAgain = typed;
    say(`“${near}” already exists and differs only in case or spaces. Ctrl+Enter again creates “${typed}”.`);
  } else take(field, typed, true);
}

function choose(field, option) {
  if (option) take(field, option.dataset.name, "create" in option.dataset);
}

function take(field, name, isNew) {
  close(field);
  remember(name);
  if (field.dataset.classField === "set") {
    addToSet(field.form, name);
    field.value = "";
    field.blur();
    say(`“${name}” is now in the set; Enter applies it.`);
  } else {
    field.value = name;
    field.form.requestSubmit(isNew ? field.form.querySelector("[name=new_class]") : undefined);
  }
}

document.addEventListener("focusin", (event) => {
  const field = event.target;
  if (field.matches("[data-class-field]") && !field.hasAttribute("aria-controls")) enhance(field);
});
