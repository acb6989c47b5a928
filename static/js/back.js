// "Back to the list" returns to the list as it was left: same filters, same page, same place.
// Without this file the link leads to the list from its beginning.
(() => {
  const link = document.querySelector("a[data-back]");
  if (!link || !document.referrer) return;
  // Only where the page before this one was a list of this board. From anywhere else, going back would leave the board
  // or end on another posting, which is not what the link says.
  const before = new URL(document.referrer);
  const isList = before.pathname === link.pathname || /^\/companies\/[^/]+\/$/.test(before.pathname);
  if (before.origin !== location.origin || !isList) return;
  link.href = before.href;
  link.addEventListener("click", (event) => {
    // In a new tab there is nothing to go back to, and whoever asks for a new tab shall get one: then the address does.
    if (history.length < 2 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    history.back();
  });
})();
