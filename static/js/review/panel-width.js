// The edge between table and row panel is dragged, or moved with the arrow keys; the width is remembered in this browser.
const KEY = "review-panel-percent";
const LEAST = 20;
const MOST = 60;
const STEP = 2;

const review = () => document.querySelector(".review");
const handle = () => document.getElementById("panel-edge");

function stored() {
  try {
    return Number(localStorage.getItem(KEY)) || 0;
  } catch {
    return 0; // storage may be forbidden; the usual width is then used
  }
}

function shownPercent() {
  const panel = document.getElementById("row-panel").getBoundingClientRect().width;
  return Math.round((panel / review().getBoundingClientRect().width) * 100);
}

function apply(percent) {
  if (percent) review().style.setProperty("--panel-width", `${percent}%`);
  else review().style.removeProperty("--panel-width");
  handle()?.setAttribute("aria-valuenow", String(percent || shownPercent()));
}

function choose(percent) {
  const kept = percent && Math.min(Math.max(Math.round(percent), LEAST), MOST);
  apply(kept);
  try {
    localStorage.setItem(KEY, String(kept));
  } catch {
    // the width then lasts for this page only
  }
}

document.addEventListener("pointerdown", (event) => {
  if (event.target !== handle()) return;
  event.preventDefault();
  const edge = event.target;
  edge.setPointerCapture(event.pointerId);
  const move = ({ clientX }) => {
    const box = review().getBoundingClientRect();
    choose(((box.right - clientX) / box.width) * 100);
  };
  edge.addEventListener("pointermove", move);
  edge.addEventListener("lostpointercapture", () => edge.removeEventListener("pointermove", move), { once: true });
});

document.addEventListener("dblclick", (event) => {
  if (event.target === handle()) choose(0);
});

document.addEventListener("keydown", (event) => {
  if (event.target !== handle() || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
  event.preventDefault();
  choose(shownPercent() + (event.key === "ArrowLeft" ? STEP : -STEP));
});

export const startPanelWidth = () => apply(stored());
