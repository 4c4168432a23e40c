// The language switch leads to the same page, and to the cell that is being read.

const cells = () => [...document.querySelectorAll('[id^="cell-id="]')];

const readCell = () => {
  // The last cell that begins in the upper third of the window.
  const begun = cells().filter((cell) => cell.getBoundingClientRect().top < window.innerHeight / 3);
  return begun.length > 1 ? begun[begun.length - 1].id : "";
};

document.querySelectorAll("details.languages").forEach((menu) => {
  menu.addEventListener("toggle", () => {
    const cell = readCell();
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
document.querySelectorAll(".cell_output pre, .cell_input pre, .cell_output .output.text_html").forEach((box) => {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
});
