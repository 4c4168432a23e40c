// The language switch leads to the same page, and to the cell that is being read.

const cells = () => [...document.querySelectorAll('[id^="cell-id="]')];

const linkedCell = () => document.getElementById(decodeURIComponent(window.location.hash.slice(1)));

const readCell = () => {
  const isShown = (cell) => {
    const box = cell.getBoundingClientRect();
    return box.bottom > 0 && box.top < window.innerHeight / 2;
  };
  const linked = linkedCell();
  if (linked && isShown(linked)) return linked.id;
  // The last cell that begins in the upper third of the window.
  const begun = cells().filter((cell) => cell.getBoundingClientRect().top < window.innerHeight / 3);
  return begun.length > 1 ? begun[begun.length - 1].id : "";
};

const menus = [...document.querySelectorAll("details.languages")];

// Where the reader was before going to the menu, for the focus moves the page.
let cell = "";
const noteCell = () => {
  if (!menus.some((menu) => menu.contains(document.activeElement))) cell = readCell();
};
document.addEventListener("scroll", noteCell, { passive: true });

// Figures above the cell that a link leads to have moved it.
window.addEventListener("load", () => {
  linkedCell()?.scrollIntoView();
  noteCell();
});

menus.forEach((menu) => {
  menu.addEventListener("toggle", () => {
    menu.querySelectorAll("a").forEach((link) => {
      // A search is made again in the other language.
      link.search = window.location.search;
      link.hash = cell;
    });
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
});

// What scrolls sideways can be scrolled with the keyboard.
document.querySelectorAll(".bd-article pre, .cell_output .output.text_html, .pst-scrollable-table-container").forEach((box) => {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
});
