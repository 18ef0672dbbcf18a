// [data-submit-on-change], a form or one of its fields: choosing sends the form; without JavaScript its button does.
(() => {
  document.addEventListener("change", (event) => {
    const asked = event.target.closest("[data-submit-on-change]");
    (asked instanceof HTMLFormElement ? asked : asked?.form)?.requestSubmit();
  });
})();
