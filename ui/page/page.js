// Screen readers hear each reply once, from the page's own live region, not every piece of it while it streams.
// And the page has one look, light: Gradio's dark one knows nothing of page.css.
() => {
  const settle = () => {
    const log = document.querySelector('#chat [role="log"]');
    if (log && log.getAttribute("aria-live") !== "off") log.setAttribute("aria-live", "off");
    if (document.body.classList.contains("dark")) document.body.classList.remove("dark");
  };
  settle();
  // Where there is room for all of it, one can write at once; a phone stays at the top of the page, without a keyboard.
  const write = () => document.querySelector("#text textarea")?.focus({ preventScroll: true });
  if (matchMedia("(min-width: 900px) and (pointer: fine)").matches) setTimeout(write);
  const watched = { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] };
  new MutationObserver(settle).observe(document.body, watched);
}
