// Columns of the table: moved in their menu, widened at their heads. Widths are remembered in this browser. An edge
// that hides columns is shaded.
const MIN_PX = 48;
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];

const heads = () => [...document.querySelectorAll(".review-table thead th")];
const storageKey = () => `review-widths:${document.querySelector(".review").dataset.project}`;

function widths() {
  try {
    return JSON.parse(localStorage.getItem(storageKey())) ?? {};
  } catch {
    return {}; // storage may be forbidden or hold something else; the usual widths are then used
  }
}

function remember(changed) {
  try {
    localStorage.setItem(storageKey(), JSON.stringify(changed));
  } catch {
    // the widths then last for this page only
  }
}

function apply(chosen) {
  const rules = heads().map((head, index) => {
    const width = chosen[head.dataset.column];
    if (!width) return "";
    const column = `.review .review-table :is(th, td):nth-child(${index + 1})`;
    return `@media (min-width: 45.0625rem) { ${column} { width: ${width}px; min-width: ${width}px; max-width: ${width}px; } }`;
  });
  sheet.replaceSync(rules.join("\n"));
}

function addHandle(head) {
  if (!head.dataset.column || head.querySelector(".column-handle")) return;
  const handle = document.createElement("span");
  handle.className = "column-handle";
  handle.ariaHidden = "true";
  handle.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    const start = event.clientX - head.getBoundingClientRect().width;
    const chosen = widths();
    const move = ({ clientX }) => {
      chosen[head.dataset.column] = Math.max(MIN_PX, Math.round(clientX - start));
      apply(chosen);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener(
      "lostpointercapture",
      () => {
        handle.removeEventListener("pointermove", move);
        remember(chosen);
      },
      { once: true },
    );
  });
  handle.addEventListener("dblclick", () => {
    const chosen = widths();
    delete chosen[head.dataset.column];
    remember(chosen);
    apply(chosen);
  });
  head.append(handle);
}

// Tells the style sheet at which sides the table hides columns.
function markHidden(scroller) {
  const left = scroller.scrollLeft > 1;
  const right = scroller.scrollLeft + scroller.clientWidth < scroller.scrollWidth - 1;
  scroller.dataset.hides = `${left ? "left" : ""} ${right ? "right" : ""}`;
}

const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) markHidden(target.closest(".table-scroll"));
});

function watchEdges() {
  const table = document.querySelector(".review-table");
  const scroller = table.closest(".table-scroll");
  scroller.addEventListener("scroll", () => markHidden(scroller), { passive: true });
  resized.disconnect();
  resized.observe(scroller);
  resized.observe(table);
}

export function startColumns() {
  heads().forEach(addHandle);
  apply(widths());
  watchEdges();
}

// The arrows move a column in the menu; without JavaScript each press sends the form.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-reset-columns]")) remember({});
  const button = event.target.closest("[data-columns] :is([name=up], [name=down])");
  if (!button) return;
  event.preventDefault();
  const item = button.closest("li");
  if (button.name === "up") item.previousElementSibling?.before(item);
  else item.nextElementSibling?.after(item);
  button.focus();
});
