"use strict";
(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  // Tables: a click on a heading sorts by it, the field above filters by all the words in it.
  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.rank ?? cell.textContent.trim();
  };
  const compare = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;

  const sort = (table, heading) => {
    const descending = heading.getAttribute("aria-sort") === "ascending";
    for (const other of all("th", table)) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const column = heading.cellIndex;
    const rows = all("tbody tr", table);
    rows.sort((one, other) => compare(key(one, column), key(other, column)) * (descending ? -1 : 1));
    table.tBodies[0].append(...rows);
  };

  const filter = (table, field, count) => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = all("tbody tr", table);
    for (const row of rows) {
      const text = all("td", row).map((cell) => cell.textContent).join(" ").toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
    const shown = rows.filter((row) => !row.hidden).length;
    const noun = rows.length === 1 ? "row" : "rows";
    count.textContent = words.length ? `${shown} of ${rows.length} ${noun}` : `${rows.length} ${noun}`;
  };

  for (const table of all("table")) {
    for (const button of all("th button", table)) {
      button.disabled = false;
      button.addEventListener("click", () => sort(table, button.closest("th")));
    }
    const field = document.getElementById(`${table.id}-filter`);
    const line = field.closest(".filter");
    line.hidden = false;
    field.addEventListener("input", () => filter(table, field, line.querySelector(".count")));
  }

  // Ways through the code: a step shows its line; buttons and arrow keys go from step to step.
  for (const path of all(".path")) {
    const steps = all(".step a", path);
    const line = (step) => document.getElementById(step.hash.slice(1));
    const go = (step) => {
      for (const other of steps) other.removeAttribute("aria-current");
      for (const other of all(".now", path)) other.classList.remove("now");
      step.setAttribute("aria-current", "step");
      const found = line(step);
      if (!found) return;
      found.classList.add("now");
      const frame = found.parentElement;
      frame.scrollTop = found.offsetTop - frame.offsetTop - frame.clientHeight / 3;
      frame.scrollLeft = 0;
      const { top, bottom } = found.getBoundingClientRect();
      if (top < 0 || bottom > window.innerHeight) found.scrollIntoView({ block: "center" });
    };
    const move = (by) => {
      const at = steps.findIndex((step) => step.hasAttribute("aria-current"));
      const next = steps[at < 0 ? (by > 0 ? 0 : steps.length - 1) : at + by];
      if (next) go(next);
      return next;
    };
    for (const step of steps) {
      step.addEventListener("click", (event) => {
        event.preventDefault();
        go(step);
      });
    }
    path.querySelector(".steps ol").addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      move(by)?.focus();
    });
    const buttons = path.querySelector(".go");
    buttons.hidden = steps.length < 2;
    for (const button of all("button", buttons)) {
      button.addEventListener("click", () => move(Number(button.dataset.go)));
    }
  }

  // A link into something that is folded opens it, and paper shows everything.
  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target?.tagName === "DETAILS") target.open = true;
  };
  window.addEventListener("hashchange", reveal);
  reveal();
  window.addEventListener("beforeprint", () => {
    for (const each of all("details")) each.open = true;
  });
})();
