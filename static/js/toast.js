// Toasts leave after a while unless read or bad; a request that failed becomes one.
(() => {
  const STAYS_MS = 10_000;

  const startClock = (toast) => {
    if (toast.classList.contains("toast-bad")) return;
    let timer = setTimeout(() => toast.remove(), STAYS_MS);
    const pause = () => clearTimeout(timer);
    const resume = () => {
      clearTimeout(timer);
      timer = setTimeout(() => toast.remove(), STAYS_MS);
    };
    toast.addEventListener("pointerenter", pause);
    toast.addEventListener("focusin", pause);
    toast.addEventListener("pointerleave", resume);
    toast.addEventListener("focusout", resume);
  };

  const say = (text) => {
    const toast = document.createElement("div");
    toast.className = "toast toast-bad";
    toast.dataset.toast = "failure";
    const sentence = document.createElement("p");
    sentence.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "button button-quiet button-small";
    close.dataset.toastClose = "";
    close.textContent = "Close";
    toast.append(sentence, close);
    document.getElementById("toasts")?.replaceChildren(toast);
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-toast-close]")) event.target.closest("[data-toast]").remove();
  });

  document.addEventListener("htmx:sendError", (event) => {
    const onlyLooked = event.detail.requestConfig.verb === "get";
    const lost = onlyLooked ? "this page may be out of date" : "your last action was not saved";
    say(`The studio is not responding: ${lost}. Check that it is running.`);
  });
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401 || status === 403) say("You are no longer logged in. Reload the page to log in again.");
    else if (status === 404) say("This no longer exists. Reload the page.");
    else say(`The studio could not do that (error ${status}). Nothing was changed.`);
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) document.querySelector("[data-toast=failure]")?.remove();
  });

  const watch = () => {
    const place = document.getElementById("toasts");
    if (!place) return;
    place.querySelectorAll("[data-toast]").forEach(startClock);
    new MutationObserver((changes) => {
      for (const change of changes) {
        for (const node of change.addedNodes) if (node instanceof HTMLElement && node.matches("[data-toast]")) startClock(node);
      }
    }).observe(place, { childList: true });
  };
  watch();
})();
