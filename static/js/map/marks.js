// What stands on the points of a map: contours, rings, the names of clusters, the area that is being drawn.

export function drawContours(painter) {
  const { context, ratio, scale, view } = painter;
  context.setTransform(
    scale * ratio, 0, 0, -scale * ratio,
    (painter.width / 2 - view.x * scale) * ratio, (painter.height / 2 + view.y * scale) * ratio,
  );
  context.strokeStyle = painter.line;
  context.lineWidth = 1.2 / scale;
  painter.paths.forEach((path, level) => {
    context.globalAlpha = 0.35 + 0.13 * level;
    context.stroke(path);
  });
  context.globalAlpha = 1;
}

export function drawMarks(painter) {
  const { context, points } = painter;
  const radius = painter.radius() / painter.ratio;
  painter.marked.forEach((i, place) => {
    const [x, y] = painter.onScreen(points.at[2 * i], points.at[2 * i + 1]);
    context.beginPath();
    context.arc(x, y, radius + (place ? 3 : 6), 0, 2 * Math.PI);
    context.strokeStyle = place ? painter.ink : painter.accent;
    context.lineWidth = place ? 1.2 : 2.5;
    context.stroke();
  });
}

export function drawLabels(painter) {
  const { context } = painter;
  context.font = "600 12px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  const taken = [];
  for (const { x, y, name } of painter.clusters) {
    const [left, top] = painter.onScreen(x, y);
    if (left < 0 || top < 0 || left > painter.width || top > painter.height) continue;
    const shown = shortened(painter, name);
    const half = context.measureText(shown).width / 2 + 6;
    const at = Math.min(Math.max(left, half), Math.max(painter.width - half, half));
    const box = [at - half, top - 11, at + half, top + 11];
    if (taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue;
    taken.push(box);
    context.strokeStyle = painter.ground;
    context.lineWidth = 4;
    context.strokeText(shown, at, top);
    context.fillStyle = painter.ink;
    context.fillText(shown, at, top);
  }
}

// The first terms of a name, as many as there is room for.
function shortened(painter, name) {
  let shown = name;
  while (painter.context.measureText(shown).width > 0.3 * painter.width && shown.includes(", ")) {
    shown = shown.slice(0, shown.lastIndexOf(", "));
  }
  return shown;
}

export function drawLasso(painter) {
  if (painter.lasso.length < 2) return;
  const { context } = painter;
  context.beginPath();
  painter.lasso.forEach(([x, y], place) => (place ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
  context.strokeStyle = painter.accent;
  context.lineWidth = 1.5;
  context.setLineDash([5, 4]);
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 0.1;
  context.fillStyle = painter.accent;
  context.fill();
  context.globalAlpha = 1;
}
