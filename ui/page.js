// Screen readers hear each reply once, from the page's own live region, not every piece of it while it streams.
() => {
  const hush = () => {
    const log = document.querySelector('#chat [role="log"]');
    if (log && log.getAttribute("aria-live") !== "off") log.setAttribute("aria-live", "off");
  };
  hush();
  new MutationObserver(hush).observe(document.body, { childList: true, subtree: true });
}
