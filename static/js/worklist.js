// The worklist by keyboard: j and k or the arrows go from sample to sample, enter opens one. While it is open it renews itself.
import { Live } from "./worklist/live.js";

const rows = () => [...document.querySelectorAll(".sample-row .opens")];

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) return;
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const all = rows();
  const here = all.indexOf(document.activeElement);
  const next = all[here < 0 ? 0 : Math.min(all.length - 1, Math.max(0, here + step))];
  if (!next) return;
  event.preventDefault();
  next.focus();
});

const list = document.getElementById("list");
if (list?.dataset.live) new Live(list);
