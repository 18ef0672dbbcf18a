// The slider of a threshold shows at once what it brings.
(() => {
  const slider = document.querySelector("[data-threshold-table]");
  if (!slider) return;
  const table = JSON.parse(slider.dataset.thresholdTable);
  const figures = document.getElementById("threshold-figures");
  const saved = document.querySelector("[data-threshold-value]");

  const show = (name, text) => {
    figures.querySelector(`[data-figure="${name}"]`).textContent = text;
  };
  const percent = (share) => `${(100 * share).toFixed(1)}%`;

  slider.addEventListener("input", () => {
    const threshold = Number(slider.value);
    let place = -1;
    table.thresholds.forEach((value, index) => {
      if (value >= threshold - 1e-9) place = index;
    });
    const found = place < 0 ? 0 : table.true_positives[place];
    const wrong = place < 0 ? 0 : table.false_positives[place];
    show("threshold", threshold.toFixed(3));
    show("found", found.toLocaleString("en"));
    show("wrong", wrong.toLocaleString("en"));
    show("missed", (table.n_positive - found).toLocaleString("en"));
    show("precision", found + wrong ? percent(found / (found + wrong)) : "–");
    show("recall", percent(found / table.n_positive));
    if (saved) saved.value = threshold;
  });
})();
