/** Keys of the whole page: ← and → step to the period before and after, as ‹ and › do. */

const STEPS = { ArrowLeft: "first", ArrowRight: "last" };
// There the arrows move the cursor, choose, or scroll.
const TAKES_ARROWS = "input, select, textarea, dialog, .scroll, pre, [contenteditable]";

export function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest?.(TAKES_ARROWS) || document.querySelector("dialog[open]")) return;
    const arrow = document.querySelector(`main .stepper > .arrow:${step}-child`);
    if (arrow?.href) location.hash = new URL(arrow.href).hash;
  });
}
