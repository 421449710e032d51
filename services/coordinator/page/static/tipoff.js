// The page works without this script: it only saves a reload, and says when what is shown is no longer live.
"use strict";

(() => {
  const root = document.documentElement;
  const themes = ["auto", "light", "dark"];

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-theme-form]")) {
      event.preventDefault();
      const button = form.querySelector("button");
      const theme = button.value;
      root.dataset.theme = theme;
      button.querySelector("span").textContent = theme;
      button.value = themes[(themes.indexOf(theme) + 1) % themes.length];
      const secure = location.protocol === "https:" ? "; Secure" : "";
      document.cookie = `tipoff-theme=${theme}; Path=/; Max-Age=31536000; SameSite=Strict${secure}`;
    }
  });

  // All boxes of a fieldset at once.
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-all]")) {
      for (const other of document.querySelectorAll(`input[name="${box.dataset.all}"]`)) other.checked = box.checked;
    }
  });

  const notice = document.getElementById("connection");
  const say = (text, href, link) => {
    notice.textContent = text;
    if (href) {
      const anchor = document.createElement("a");
      anchor.href = href;
      anchor.textContent = link;
      notice.append(" ", anchor);
    }
    notice.hidden = text === "";
  };
  const here = () => location.pathname + location.search;
  const signIn = () => say("Your session has ended, and this page is no longer live.",
    `/sign-in?next=${encodeURIComponent(here())}`, "Sign in to go on");
  const live = () => document.getElementById("live");
  const known = root.dataset.known === "yes";
  let since = new Date();
  let source = null;

  // What somebody has ticked and how far he has scrolled outlast an update.
  let kept = { ticked: [], scrolled: [] };
  const keep = () => {
    const boxes = [...(live()?.querySelectorAll("[id]") ?? [])];
    kept = {
      ticked: boxes.filter((each) => each.checked).map((each) => each.id),
      scrolled: boxes.filter((each) => each.scrollLeft > 0).map((each) => [each.id, each.scrollLeft]),
    };
  };
  const restore = () => {
    for (const id of kept.ticked) { const box = document.getElementById(id); if (box) box.checked = true; }
    for (const [id, left] of kept.scrolled) { const box = document.getElementById(id); if (box) box.scrollLeft = left; }
  };
  for (const name of ["htmx:sseBeforeMessage", "htmx:beforeSwap"]) document.addEventListener(name, keep);
  for (const name of ["htmx:sseMessage", "htmx:afterSwap"]) document.addEventListener(name, restore);

  document.addEventListener("htmx:sseOpen", (event) => {
    say("");
    source = event.detail.source;
    source.addEventListener("version", (message) => {
      if (message.data !== root.dataset.version) say("Tipoff has been updated.", here(), "Load this page again");
    });
    source.addEventListener("part", () => { since = new Date(); });
    source.addEventListener("ended", () => { source.close(); signIn(); });
  });

  // Whether the session lives: true, false, or null where nobody answers.
  const signedIn = async () => {
    try {
      return (await fetch("/session", { cache: "no-store" })).status !== 401;
    } catch {
      return null;
    }
  };

  document.addEventListener("htmx:sseError", async () => {
    const time = since.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const answer = await signedIn();
    if (answer === null) {
      say(`No connection to Tipoff: trying again. What is shown is as of ${time}.`, here(), "Load this page again");
    } else if (known && !answer) {
      signIn();
    } else {
      say(`Connecting again; what is shown is as of ${time}.`);
    }
  });

  // A browser has six connections to a server: tabs that nobody looks at give theirs back, and catch up later.
  const REST = 30_000;
  let resting = 0;
  document.addEventListener("visibilitychange", async () => {
    clearTimeout(resting);
    if (live() === null || source === null) return;
    if (document.hidden) {
      resting = setTimeout(() => source.close(), REST);
    } else if (source.readyState === EventSource.CLOSED) {
      if (known && await signedIn() === false) signIn();
      else htmx.ajax("GET", here(), { target: "#live", select: "#live", swap: "outerHTML" });
    }
  });
})();
