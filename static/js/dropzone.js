// form[data-dropzone]: shows the chosen file, uploads it with a bar and Cancel, and shows the server's sentence on failure.
(() => {
  const UNITS = ["B", "KB", "MB", "GB", "TB"];

  const sizeText = (bytes) => {
    const power = bytes ? Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1) : 0;
    return `${(bytes / 1024 ** power).toFixed(power ? 1 : 0)}\u00a0${UNITS[power]}`;
  };

  // The page that refuses a file says why in one of these places.
  const refusal = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const place = page.querySelector("[data-drop-message], .field-errors, .message-bad .message-body, [data-problem]");
    return place?.textContent.trim();
  };

  const sentenceFor = (xhr) => {
    if (xhr.status === 413) return "The file is larger than this studio accepts. Split it, or compress it with gzip.";
    return refusal(xhr.responseText) || `The studio could not accept the file (error ${xhr.status}). Try again.`;
  };

  const enhance = (form) => {
    const part = (name) => form.querySelector(`[data-drop-${name}]`);
    const input = form.querySelector('input[type="file"]');
    const area = part("area");
    let xhr = null;

    const showError = (text) => {
      part("message").textContent = text;
      part("error").hidden = !text;
    };

    const showFile = () => {
      const file = input.files[0];
      part("file").hidden = !file;
      area.classList.toggle("is-filled", Boolean(file));
      part("submit").disabled = !file;
      if (!file) return;
      part("name").textContent = file.name;
      part("size").textContent = sizeText(file.size);
      showError("");
    };

    const setBusy = (busy) => {
      part("progress").hidden = !busy;
      part("cancel").hidden = !busy;
      part("submit").disabled = busy;
      area.inert = busy;
    };

    const showProgress = (event) => {
      if (!event.lengthComputable) return;
      const percent = Math.floor((event.loaded / event.total) * 100);
      part("bar").value = percent;
      part("percent").textContent = `${percent}\u00a0%`;
      part("sent").textContent =
        percent === 100 ? "Storing the file." : `${sizeText(event.loaded)} of ${sizeText(event.total)} sent`;
    };

    const finish = () => {
      setBusy(false);
      const target = xhr.getResponseHeader("HX-Redirect") || (xhr.responseURL.split("#")[0] !== form.action && xhr.responseURL);
      if (xhr.status < 300 && target) location.assign(target);
      else showError(sentenceFor(xhr));
    };

    form.addEventListener("submit", (event) => {
      if (!input.files[0]) return;
      event.preventDefault();
      showError("");
      const data = new FormData(form);
      xhr = new XMLHttpRequest();
      xhr.open("POST", form.action);
      xhr.setRequestHeader("HX-Request", "true");
      xhr.upload.addEventListener("progress", showProgress);
      xhr.addEventListener("load", finish);
      xhr.addEventListener("error", () => {
        setBusy(false);
        showError("The connection was lost before the file had arrived. Check the network and upload it again.");
      });
      setBusy(true);
      xhr.send(data);
      part("cancel").focus();
    });

    part("cancel").addEventListener("click", () => {
      xhr?.abort();
      setBusy(false);
      part("submit").focus();
    });
    input.addEventListener("change", showFile);
    for (const name of ["dragenter", "dragover"]) area.addEventListener(name, () => area.classList.add("is-over"));
    for (const name of ["dragleave", "drop"]) area.addEventListener(name, () => area.classList.remove("is-over"));
    // A file dropped beside the area must not replace the page.
    for (const name of ["dragover", "drop"]) {
      document.addEventListener(name, (event) => {
        if (!area.contains(event.target)) event.preventDefault();
      });
    }
    showFile();
  };

  document.querySelectorAll("form[data-dropzone]").forEach(enhance);
})();
