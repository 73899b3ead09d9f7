// Everything works without this file. It shows times in the reader's zone, adds keys and copy
// buttons, and looks again while records are being replayed.
"use strict";
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];

  for (const time of all("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.valueOf())) continue;
    time.textContent = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  }

  for (const text of all("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = text.dataset.copy;
    button.setAttribute("aria-label", `${text.dataset.copy} ${text.textContent}`);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = text.dataset.copied;
    });
    text.after(" ", button);
  }

  const rows = all("tr[data-row]");
  let current = -1;
  const move = (by) => {
    if (!rows.length) return;
    rows[current]?.removeAttribute("data-current");
    current = Math.min(Math.max(current + by, 0), rows.length - 1);
    rows[current].setAttribute("data-current", "");
    rows[current].scrollIntoView({ block: "nearest" });
    rows[current].querySelector("a, button")?.focus();
  };
  const replay = () => {
    const link = rows[current]?.querySelector("[data-replay]") ?? document.querySelector("[data-replay-all]");
    link?.click();
  };
  const keys = {
    "/": () => document.querySelector("#q")?.focus(),
    "j": () => move(1),
    "k": () => move(-1),
    "r": replay,
    "?": () => document.querySelector('nav a[href$="/keys"]')?.click(),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "Escape" && typing) typing.blur();
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });

  const live = document.querySelector('[data-live="yes"]');
  if (live) setTimeout(() => location.reload(), 2000);

  document.querySelector("[data-first]")?.focus();
})();
