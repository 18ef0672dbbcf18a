// form[data-submit-on-change]: choosing in its select sends the form; without JavaScript its button does.
(() => {
  document.addEventListener("change", (event) => {
    event.target.closest("form[data-submit-on-change]")?.requestSubmit();
  });
})();
