// The pixels of points, and their colours.
export const NO_VALUE = 255; // the code of points without a value

// The colour of each code and whether its points are crosses, from the items of the legend.
export function coloursOf(legend, dim) {
  const colours = new Uint32Array(256).fill(dim);
  const areCrosses = new Uint8Array(256);
  for (const item of legend.querySelectorAll("[data-code]")) {
    const code = Number(item.dataset.code);
    const colour = getComputedStyle(item.querySelector(".map-swatch")).color;
    colours[code] = pixel(colour, code === NO_VALUE ? 130 : 235);
    areCrosses[code] = item.dataset.cross ? 1 : 0;
  }
  return [colours, areCrosses];
}

// The offsets of the pixels of a shape.
export function spriteOf(isInside, radius, width) {
  const reach = Math.ceil(radius);
  const offsets = [];
  for (let y = -reach; y <= reach; y += 1) {
    for (let x = -reach; x <= reach; x += 1) {
      if (Math.abs(x) <= radius && Math.abs(y) <= radius && isInside(x, y)) offsets.push(y * width + x);
    }
  }
  return Int32Array.from(offsets);
}

export function sprites(radius, width, hasShapes) {
  const circle = spriteOf((x, y) => x * x + y * y <= radius * radius + 0.3, radius, width);
  if (!hasShapes || radius < 2) return [circle, circle, circle, circle];
  const square = spriteOf(() => true, radius * 0.85, width);
  const diamond = spriteOf((x, y) => Math.abs(x) + Math.abs(y) <= radius * 1.25, radius * 1.25, width);
  const triangle = spriteOf((x, y) => Math.abs(x) <= (y + radius) * 0.6, radius * 1.15, width);
  return [circle, square, diamond, triangle];
}

const ruler = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

// A CSS colour as a pixel, little-endian.
export function pixel(colour, alpha) {
  ruler.fillStyle = colour;
  ruler.fillRect(0, 0, 1, 1);
  const [red, green, blue] = ruler.getImageData(0, 0, 1, 1).data;
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
