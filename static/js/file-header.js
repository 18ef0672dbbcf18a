// Names the columns, [data-needed-column], that a chosen CSV or TSV lacks, before it is uploaded.
(() => {
  const HEAD_BYTES = 65_536;
  const SEPARATORS = [",", ";", "\t", "|"];

  const fields = (line, separator) => {
    const found = [];
    let field = "";
    let isQuoted = false;
    for (const sign of line) {
      if (sign === '"') isQuoted = !isQuoted;
      else if (sign === separator && !isQuoted) {
        found.push(field);
        field = "";
      } else field += sign;
    }
    return [...found, field].map((name) => name.trim());
  };

  const header = (text) => {
    const line = text.replace(/^\uFEFF/, "").split(/\r?\n|\r/).find((one) => one.trim());
    if (!line) return [];
    const readings = SEPARATORS.map((separator) => fields(line, separator));
    return readings.reduce((most, one) => (one.length > most.length ? one : most));
  };

  const sentence = (missing) => {
    const names = missing.slice(0, 3).map((name) => `“${name}”`).join(", ");
    const rest = missing.length > 3 ? ` and ${missing.length - 3} more` : "";
    return `The first line of this file does not name ${names}${rest}. If you upload it, the studio asks which columns you mean.`;
  };

  const check = async (input, note) => {
    const file = input.files[0];
    note.hidden = true;
    if (!file || !/\.(csv|tsv)$/i.test(file.name)) return;
    const found = header(await file.slice(0, HEAD_BYTES).text());
    const needed = [...document.querySelectorAll("[data-needed-column]")].map((one) => one.dataset.neededColumn.trim());
    const missing = needed.filter((name) => !found.includes(name));
    if (input.files[0] !== file || !missing.length) return;
    note.querySelector(".message-body").textContent = sentence(missing);
    note.hidden = false;
  };

  for (const form of document.querySelectorAll("form[data-dropzone]")) {
    const note = form.querySelector("[data-drop-note]");
    const input = form.querySelector('input[type="file"]');
    input.addEventListener("change", () => check(input, note));
  }
})();
