// A link to a <dialog>'s id opens it as a modal; [data-dialog-close] and a click beside it close it.
(() => {
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-dialog-close]")) {
      const dialog = event.target.closest("dialog");
      if (dialog?.open) {
        event.preventDefault();
        dialog.close();
      }
      return;
    }
    const link = event.target.closest('a[href^="#"]:not([href="#"])');
    const dialog = link && document.getElementById(link.hash.slice(1));
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      link.closest("details.menu")?.removeAttribute("open");
      dialog.showModal();
      return;
    }
    // A click on the backdrop is a click on the dialog element itself, outside its box.
    if (event.target instanceof HTMLDialogElement && event.target.open) {
      const box = event.target.getBoundingClientRect();
      const inside =
        event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside) event.target.close();
    }
  });
})();
