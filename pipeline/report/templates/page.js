// Filters, search and playback of the report; the page is complete without it.
(() => {
  "use strict";
  const cards = [...document.querySelectorAll(".card")];
  const chips = [...document.querySelectorAll(".chip")];
  const search = document.querySelector("#search");
  const found = document.querySelector("#found");
  const elsewhere = document.querySelector("#elsewhere");
  const here = document.body.dataset.page;
  let status = "all";

  const words = () => search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const holds = (text, wanted) => wanted.every((word) => text.includes(word));

  function show() {
    const wanted = words();
    let shown = 0;
    for (const card of cards) {
      const fits = (status === "all" || card.dataset.status === status) && holds(card.dataset.text, wanted);
      card.hidden = !fits;
      if (!fits) card.querySelector("video")?.pause();
      shown += fits;
    }
    found.textContent = `${shown} of ${cards.length} shown`;
    if (elsewhere) showElsewhere(wanted);
  }

  // Spots on the other pages of a large report, from spots.js: [spot_id, title, status, page, text].
  function showElsewhere(wanted) {
    const asked = wanted.length > 0 || status !== "all";
    const others = !asked ? [] : (window.spotmillSpots || []).filter(
      ([, , at, page, text]) => page !== here && (status === "all" || at === status) && holds(text, wanted));
    elsewhere.hidden = others.length === 0;
    elsewhere.querySelector("p").textContent = `${others.length} more on other pages`;
    elsewhere.querySelector("ul").replaceChildren(...others.slice(0, 20).map(([id, title, at, page]) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = `${page}#spot-${encodeURIComponent(id)}`;
      link.textContent = `${title} (${at})`;
      item.append(link);
      return item;
    }));
  }

  for (const chip of chips) {
    chip.addEventListener("click", () => {
      status = chip.dataset.status;
      for (const one of chips) one.setAttribute("aria-pressed", String(one === chip));
      show();
    });
  }
  search.addEventListener("input", show);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.matches("input, textarea")) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && event.target === search) {
      search.value = "";
      show();
    }
  });
  // One spot speaks at a time.
  document.addEventListener("play", (event) => {
    for (const video of document.querySelectorAll("video")) if (video !== event.target) video.pause();
  }, true);
  document.querySelector(".tools").hidden = false;
  show();
})();
