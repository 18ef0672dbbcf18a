// What the foot of the page says: a sentence about the last key, and what is still under way.
const counts = { saving: 0, waiting: 0 };

export function say(sentence) {
  const notice = document.getElementById("review-notice");
  if (notice) notice.textContent = sentence;
  if (sentence) document.getElementById("live").textContent = sentence;
}

export function showCounts(changed) {
  Object.assign(counts, changed);
  const parts = [];
  if (counts.saving) parts.push(`Saving ${counts.saving}…`);
  if (counts.waiting === 1) parts.push("1 key press waiting");
  if (counts.waiting > 1) parts.push(`${counts.waiting} key presses waiting`);
  const place = document.getElementById("review-saving");
  if (place) place.textContent = parts.join(" · ");
}
