// Where the studio cannot be reached, a form is not sent: the browser would replace the page, and with it all that was
// selected or typed. A browser without a network may still reach a studio on the same machine, so that one is asked.
(() => {
  const reachable = new WeakSet();

  const say = (text) => {
    const toast = document.createElement("div");
    toast.className = "toast toast-bad";
    toast.dataset.toast = "offline";
    const sentence = document.createElement("p");
    sentence.textContent = text;
    toast.append(sentence);
    document.getElementById("toasts")?.replaceChildren(toast);
  };

  // On the window, which hears of it last: forms that a script sends are prevented by then.
  window.addEventListener("submit", async (event) => {
    const { target: form, submitter } = event;
    const method = submitter?.getAttribute("formmethod") ?? form.method;
    if (navigator.onLine || event.defaultPrevented || method !== "post" || reachable.delete(form)) return;
    event.preventDefault();
    try {
      await fetch("/healthz", { cache: "no-store" });
    } catch {
      say("There is no connection to the studio, so nothing was sent. Try again when it is back.");
      return;
    }
    reachable.add(form);
    form.requestSubmit(submitter);
  });
  window.addEventListener("online", () => document.querySelector("[data-toast=offline]")?.remove());
})();
