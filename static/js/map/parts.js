// The parts of the page that the map's scripts share, and what they draw with once it is there.
export const map = document.querySelector("[data-map]");
export const canvas = map.querySelector("canvas");
export const live = document.getElementById("live");
export const side = Number(map.dataset.side);
export let painter = null;
export let points = null;

export function begin(theirPoints, theirPainter) {
  points = theirPoints;
  painter = theirPainter;
}

export function legend() {
  return document.getElementById("map-legend");
}
