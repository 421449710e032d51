// The line of a player's page: what the stored distribution says of it, without asking the server.
// The server computes the same (services/coordinator/api/any_line.py); a test in the browser compares the two.
"use strict";

(() => {
  const form = document.querySelector("[data-line]");
  if (!form) return;

  // The standard normal distribution function to double precision: Hart (1968), after West (2005),
  // "Better approximations to cumulative normal functions".
  const above = [0.0352624965998911, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871,
    221.213596169931, 220.206867912376];
  const below = [0.0883883476483184, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674,
    637.333633378831, 793.826512519948, 440.413735824752];
  const horner = (terms, x) => terms.reduce((sum, term) => sum * x + term, 0);
  const phi = (z) => {
    const x = Math.abs(z);
    let tail = 0;
    if (x < 7.07106781186547) tail = Math.exp(-x * x / 2) * horner(above, x) / horner(below, x);
    else if (x < 37) tail = Math.exp(-x * x / 2) / (x + 1 / (x + 2 / (x + 3 / (x + 4 / (x + 0.65))))) / 2.506628274631;
    return z > 0 ? 1 - tail : tail;
  };

  const fair = (p) => (!(p > 0 && p < 1) ? null : p >= 0.5 ? -100 * p / (1 - p) : 100 * (1 - p) / p);

  const against = (line, { centre, scale, power }) => {
    const upto = (count) => (count < 0 ? 0 : phi(((count + 1) ** power - centre) / scale));
    const floor = Math.floor(line);
    const over = 1 - upto(floor);
    const under = line === floor ? upto(floor - 1) : 1 - over;
    const share = over + under > 0 ? over / (over + under) : 0;
    return { p_over: over, p_push: line === floor ? 1 - over - under : 0, p_under: under,
      fair_over: fair(share), fair_under: fair(1 - share) };
  };

  const numbers = (element) => ({ centre: +element.dataset.centre, scale: +element.dataset.scale,
    power: +element.dataset.power });
  const percent = (p) => `${(100 * p).toFixed(1)} %`;
  const price = (odds) => (odds === null ? "–" : `${odds < 0 ? "" : "+"}${odds.toFixed(0)}`);
  const show = (place, answer) => {
    for (const element of place.querySelectorAll("data[data-out]")) {
      const value = answer[element.dataset.out];
      element.value = value === null ? "" : value;
      element.textContent = element.dataset.out.startsWith("fair") ? price(value) : percent(value);
    }
  };

  const input = form.elements.line;
  const charts = [...document.querySelectorAll("svg[data-moves]")];
  const side = (count, line) => (count === line ? "push" : count > line ? "over" : "under");

  const move = (chart, line) => {
    const { moves, low, high, start, end } = chart.dataset;
    const share = (Math.min(Math.max(line, +low), +high) - low) / (high - low);
    const place = +start + share * (end - start);
    const drawn = chart.querySelector("line.line");
    if (drawn) for (const axis of ["1", "2"]) drawn.setAttribute(moves + axis, place);
    chart.querySelector("circle.grip")?.setAttribute("cx", place);
    for (const bar of chart.querySelectorAll("[data-count]")) {
      bar.setAttribute("class", `bar ${side(+bar.dataset.count, line)}`);
    }
  };

  const update = () => {
    const line = +input.value;
    document.getElementById("line-shown").textContent = line;
    for (const element of document.querySelectorAll("[data-out='line']")) element.textContent = line;
    show(document.querySelector(".odds"), against(line, numbers(form)));
    for (const row of document.querySelectorAll("[data-system]")) show(row, against(line, numbers(row)));
    for (const chart of charts) move(chart, line);
    const played = [...document.querySelectorAll(".last-games [data-count]")];
    const overs = played.filter((bar) => +bar.dataset.count > line).length;
    document.querySelector("[data-out='overs']").textContent = `${overs} of ${played.length}`;
  };

  input.addEventListener("input", update);
  // The address follows, so that it can be kept, sent on, and loaded again.
  input.addEventListener("change", () => {
    const here = new URL(location.href);
    here.searchParams.set("line", input.value);
    history.replaceState(history.state, "", here);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.querySelector("[data-without-script]").hidden = true;

  // The line can be dragged in the drawings, too.
  for (const chart of charts) {
    if (!chart.querySelector("line.line")) continue;
    chart.classList.add("draggable");
    const to = (event) => {
      const box = chart.getBoundingClientRect();
      const { moves, low, high, start, end } = chart.dataset;
      const units = moves === "x" ? (event.clientX - box.left) / box.width * chart.viewBox.baseVal.width
        : (event.clientY - box.top) / box.height * chart.viewBox.baseVal.height;
      input.value = +low + (units - start) / (end - start) * (high - low);
      update();
    };
    chart.addEventListener("pointerdown", (event) => { chart.setPointerCapture(event.pointerId); to(event); });
    chart.addEventListener("pointermove", (event) => { if (chart.hasPointerCapture(event.pointerId)) to(event); });
    chart.addEventListener("pointerup", () => input.dispatchEvent(new Event("change")));
  }
})();
