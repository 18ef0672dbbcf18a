// Keys of the reader's own choice stand for actions with other default keys.
const ownKeys = JSON.parse(document.querySelector(".review").dataset.keys ?? "{}");
const replaced = new Set(Object.values(ownKeys));

export const actionOf = (key) => ownKeys[key] ?? (replaced.has(key) ? "" : key);

// What Ctrl+Z, Ctrl+Y and Shift+U stand for.
export function stepOf({ key, shiftKey, ctrlKey, metaKey }) {
  const letter = key.toLowerCase();
  if (!ctrlKey && !metaKey) return actionOf(letter) === "u" && shiftKey ? "redo" : "";
  if (letter === "y") return "redo";
  if (letter === "z") return shiftKey ? "redo" : "u";
  return "";
}
