// Counts down the lives of links. Without it they stand as they were when the page
// was made.
"use strict";

const lives = [...document.querySelectorAll("time[data-left]")].map((element) => ({
  element,
  ends: performance.now() + 1000 * Number(element.dataset.left),
}));

function inWords(left) {
  if (left <= 0) return "none, it has expired";
  if (left < 60) return `${left} s`;
  return `${Math.floor(left / 60)} min ${left % 60} s`;
}

function show() {
  let alive = false;
  for (const { element, ends } of lives) {
    const left = Math.max(0, Math.floor((ends - performance.now()) / 1000));
    element.textContent = inWords(left);
    alive ||= left > 0;
  }
  if (alive) setTimeout(show, 1000);
}

show();
