// Contours of a grid of density, as paths in the units of the map (marching squares).
const EDGES = [[], [[3, 0]], [[0, 1]], [[3, 1]], [[1, 2]], [[3, 0], [1, 2]], [[0, 2]], [[3, 2]], [[2, 3]], [[2, 0]],
  [[0, 1], [2, 3]], [[2, 1]], [[1, 3]], [[1, 0]], [[0, 3]], []];

export function contours(density, grid, side, levels) {
  const size = side / grid;
  return levels.map((level) => {
    const path = new Path2D();
    for (let row = -1; row < grid; row += 1) {
      for (let column = -1; column < grid; column += 1) {
        const corner = (dx, dy) => {
          const [x, y] = [column + dx, row + dy];
          return x < 0 || y < 0 || x >= grid || y >= grid ? 0 : density[y * grid + x];
        };
        const [a, b, c, d] = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)];
        const kind = (a > level ? 1 : 0) | (b > level ? 2 : 0) | (c > level ? 4 : 0) | (d > level ? 8 : 0);
        if (!EDGES[kind].length) continue;
        const between = (one, other) => (level - one) / (other - one);
        const place = (edge) => {
          if (edge === 0) return [between(a, b), 0];
          if (edge === 1) return [1, between(b, c)];
          if (edge === 2) return [between(d, c), 1];
          return [0, between(a, d)];
        };
        for (const [from, to] of EDGES[kind]) {
          const [x0, y0] = place(from);
          const [x1, y1] = place(to);
          path.moveTo((column + 0.5 + x0) * size, (row + 0.5 + y0) * size);
          path.lineTo((column + 0.5 + x1) * size, (row + 0.5 + y1) * size);
        }
      }
    }
    return path;
  });
}
