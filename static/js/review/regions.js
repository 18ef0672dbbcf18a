// Puts regions of an answer in their places, and keeps the focus where the reader left it.
const parse = (html) => new DOMParser().parseFromString(html, "text/html");

// The same button of the new region gets the focus of the old one; from a field the focus goes to the region itself,
// so that the next key is not typed into it.
export function replaceRegion(place, fresh) {
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  place.replaceWith(fresh);
  if (!focused) return;
  let same = null;
  if (focused.matches("tr a")) same = fresh.querySelector("a");
  else if (focused.matches("button[data-key]")) {
    same = fresh.querySelector(`[data-key="${CSS.escape(focused.dataset.key)}"]:not(:disabled)`);
  }
  (same ?? fresh).focus({ preventScroll: true });
}

export const regionIn = (html, id) => parse(html).getElementById(id);

// An answer marks its regions with hx-swap-oob; lines of the table come in a <template>.
export function applyRegions(html) {
  const answer = parse(html);
  const parts = [answer, ...[...answer.querySelectorAll("template")].map((part) => part.content)];
  for (const region of parts.flatMap((part) => [...part.querySelectorAll("[hx-swap-oob]")])) {
    const place = document.getElementById(region.id);
    if (!place) continue;
    if (region.getAttribute("hx-swap-oob") === "innerHTML") place.replaceChildren(...region.childNodes);
    else {
      region.removeAttribute("hx-swap-oob");
      const box = region.querySelector(".col-select input");
      if (box) box.checked = Boolean(place.querySelector(".col-select :checked")); // a selected line stays selected
      replaceRegion(place, region);
    }
  }
}
