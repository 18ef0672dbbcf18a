// Which classes match what is typed, the best first.
const N_SHOWN = 50;
const N_RECENT = 9;
let recent = []; // the classes typed last on this page

export const remember = (name) => {
  recent = [name, ...recent.filter((other) => other !== name)].slice(0, N_RECENT);
};

export const recentFirst = (names) => [...recent.filter((name) => names.includes(name)), ...names.filter((name) => !recent.includes(name))];

// Without what people overlook: case, spaces and the marks between words. The server compares alike.
export const fold = (name) =>
  name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s_-]+/g, " ")
    .trim();

function distance(name, typed) {
  if (name === typed) return 0;
  if (name.startsWith(typed)) return 1;
  if (` ${name}`.includes(` ${typed}`)) return 2;
  if (name.includes(typed)) return 3;
  return typed.split(" ").every((word) => name.includes(word)) ? 4 : null;
}

export function matchingClasses(typed, names) {
  const wanted = fold(typed);
  return names
    .map((name) => ({ name, rank: distance(fold(name), wanted) }))
    .filter(({ rank }) => rank !== null)
    .sort((one, other) => one.rank - other.rank) // equal ones stay in their order, the likeliest first
    .slice(0, N_SHOWN)
    .map(({ name }) => name);
}
