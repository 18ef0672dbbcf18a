// The table of rows: their order, and the mark of the one that the panel shows.
export const panel = () => document.getElementById("row-panel");
export const shownRow = () => panel()?.dataset.row;
export const lineOf = (row) => document.getElementById(`row-${row}`);
const lines = () => [...document.querySelectorAll(".review-table tr[data-row]")];

export function neighbour(row, step) {
  const all = lines();
  const index = all.findIndex((line) => line.dataset.row === row);
  return all[index + step]?.dataset.row;
}

const isDecided = (line) => Boolean(line.dataset.action);

// The next row of the page that nobody has decided about; with `isIncluded` perhaps the row itself.
export function undecidedAfter(row, { isIncluded = false } = {}) {
  const all = lines();
  const place = all.findIndex((line) => line.dataset.row === row);
  return all.slice(isIncluded ? place : place + 1).find((line) => !isDecided(line))?.dataset.row;
}

export const nextPage = () => document.querySelector(".review-table tbody").dataset.next;

export const addressOf = (row) => lineOf(row)?.querySelector("td a").href;

// Marks the row of the panel in the table, and tells the panel its place.
export function markShownRow() {
  const current = lineOf(shownRow());
  const marked = document.querySelectorAll(".review-table tr[aria-current]");
  const hadFocus = [...marked].some((line) => line.contains(document.activeElement));
  for (const line of marked) line.removeAttribute("aria-current");
  const tabStop = current ?? lines()[0]; // one line on the way of the Tab key; J and K walk from there
  for (const line of lines()) {
    for (const stop of line.querySelectorAll("td a, .col-select input")) stop.tabIndex = line === tabStop ? 0 : -1;
  }
  if (!current) return;
  current.setAttribute("aria-current", "true");
  current.scrollIntoView({ block: "nearest" });
  if (hadFocus) current.querySelector("td a").focus({ preventScroll: true });
  const body = current.parentElement;
  const place = Number(body.dataset.first) + lines().indexOf(current);
  panel().querySelector("[data-position]").textContent = `${place} of ${body.dataset.total}`;
}
