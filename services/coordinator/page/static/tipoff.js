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
  let since = new Date();

  document.addEventListener("htmx:sseOpen", (event) => {
    say("");
    const source = event.detail.source;
    source.addEventListener("version", (message) => {
      if (message.data !== root.dataset.version) say("Tipoff has been updated.", here(), "Load this page again");
    });
    source.addEventListener("part", () => { since = new Date(); });
    source.addEventListener("ended", () => { source.close(); signIn(); });
  });

  document.addEventListener("htmx:sseError", async () => {
    const time = since.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    try {
      const answer = await fetch("/session", { cache: "no-store" });
      if (answer.status === 401) signIn();
      else say(`Connecting again; what is shown is as of ${time}.`);
    } catch {
      say(`No connection to Tipoff: trying again. What is shown is as of ${time}.`, here(), "Load this page again");
    }
  });
})();
