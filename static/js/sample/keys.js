// The keys of the gallery. Single letters act only while the gallery has the focus, so nobody sets them off from elsewhere.
const MOVES = {
  ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", h: "left", j: "down", k: "up", l: "right", H: "left", J: "down", K: "up", L: "right",
};
const NOT_A_CELL = "not_a_cell";

// Class code for a key, undefined for none.
export function codeOf(root, key) {
  const group = [...root.querySelectorAll(".group[data-key]")].find(({ dataset }) => dataset.key && dataset.key === key);
  return group?.dataset.code ?? (key === "0" ? NOT_A_CELL : undefined);
}

const typing = (target) => target.closest("input, select, textarea, [contenteditable], dialog, [popover]");

export function listen(root, act) {
  const plain = {
    u: () => act.undo(), "?": () => act.keys(), "[": () => act.resize(-1), "]": () => act.resize(1), Escape: () => act.clear(),
  };
  // These belong to a button that has the focus.
  const onCells = { " ": () => act.confirm(), Enter: () => act.open() };

  root.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (typing(target) || event.defaultPrevented) return;
    const onCell = target === root || target.matches(".cell");
    if (event.ctrlKey || event.metaKey || event.altKey) {
      if (key !== "a" || !onCell || event.altKey) return;
      event.preventDefault();
      act.selectGroup();
      return;
    }
    const code = codeOf(root, key);
    const once = plain[key] ?? (onCell ? onCells[key] : undefined) ?? (code !== undefined && (() => act.move(code)));
    if (once) {
      event.preventDefault();
      // A key that is held down would decide on cell after cell unseen.
      if (!event.repeat) once();
    } else if (MOVES[key] && onCell) {
      event.preventDefault();
      act.go(MOVES[key], event.shiftKey);
    }
  });
}
