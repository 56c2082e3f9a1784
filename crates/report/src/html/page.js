"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  const all = (selector, within) => [...(within || document).querySelectorAll(selector)];
  const list = document.getElementById("list");
  const machines = all("details.machine");

  // Search: every word must be in the row or in its details.
  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const texts = new Map();
  const textOf = (machine) => {
    if (!texts.has(machine)) texts.set(machine, machine.textContent.toLowerCase());
    return texts.get(machine);
  };
  let waiting = 0;
  if (search) search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      for (const machine of machines) {
        machine.hidden = !words.every((word) => textOf(machine).includes(word));
        if (!machine.hidden) count += 1;
      }
      shown.textContent = count.toLocaleString(root.lang);
    }, 120);
  });

  // Sorting by a column; a second time the other way round.
  const collator = new Intl.Collator(root.lang, { numeric: true, sensitivity: "base" });
  for (const button of all(".row.header button")) button.addEventListener("click", () => {
    const column = Number(button.dataset.column);
    const up = button.getAttribute("aria-sort") !== "ascending";
    for (const other of all(".row.header button")) other.removeAttribute("aria-sort");
    button.setAttribute("aria-sort", up ? "ascending" : "descending");
    const key = (machine) => {
      const cell = machine.firstElementChild.children[column];
      return cell.dataset.sort !== undefined ? cell.dataset.sort : cell.textContent.trim();
    };
    const keyed = machines.map((machine) => [key(machine), machine]);
    keyed.sort(([a], [b]) => (a === "") - (b === "") || (up ? 1 : -1) * collator.compare(a, b));
    list.append(...keyed.map(([, machine]) => machine));
  });
  for (const button of all("[data-open]")) button.addEventListener("click", () => {
    for (const machine of machines) if (!machine.hidden) machine.open = button.dataset.open === "1";
  });

  // A link to something inside, or to a closed part, opens it.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") {
      target.hidden = false;
      target.open = true;
      target.scrollIntoView({ block: "start" });
    }
  };
  addEventListener("hashchange", reveal);
  reveal();

  // Printing opens everything, and closes it again afterwards.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details:not([open])");
    for (const part of opened) part.open = true;
  });
  addEventListener("afterprint", () => {
    for (const part of opened) part.open = false;
  });

  // The map: the machine pointed at, its lines, its partners, and its card.
  const plant = document.getElementById("plant");
  const card = document.getElementById("card");
  if (!plant) return;
  const nodes = new Map(all(".node", plant).map((node) => [node.dataset.n, node]));
  const lines = all(".lines .line", plant);
  const choose = (node) => {
    for (const marked of all(".on", plant)) marked.classList.remove("on");
    plant.classList.toggle("chosen", Boolean(node));
    card.hidden = !node;
    if (!node) return;
    node.classList.add("on");
    for (const line of lines) {
      if (line.dataset.a !== node.dataset.n && line.dataset.b !== node.dataset.n) continue;
      line.classList.add("on");
      for (const end of [line.dataset.a, line.dataset.b]) nodes.get(end)?.classList.add("on");
    }
    card.textContent = node.dataset.card;
    const frame = plant.parentElement;
    const place = node.getBoundingClientRect();
    const around = frame.getBoundingClientRect();
    // Beside the machine, where its partners in other levels stay in sight.
    const right = place.right - around.left + frame.scrollLeft + 8;
    const before = place.left - around.left + frame.scrollLeft - card.offsetWidth - 8;
    const hasRoom = right + card.offsetWidth < frame.scrollLeft + frame.clientWidth;
    card.style.left = Math.max(frame.scrollLeft + 4, hasRoom ? right : before) + "px";
    card.style.top = Math.max(4, Math.min(place.top - around.top, frame.clientHeight - card.offsetHeight - 4)) + "px";
  };
  for (const node of nodes.values()) {
    node.addEventListener("pointerenter", () => choose(node));
    node.addEventListener("pointerleave", () => choose(null));
    node.addEventListener("focus", () => choose(node));
    node.addEventListener("blur", () => choose(null));
  }
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") choose(null);
  });
})();
