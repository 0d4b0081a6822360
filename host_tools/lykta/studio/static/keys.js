// Keys that browsers do not give to a page by themselves: arrows within a group of choices, and Ctrl+S for the button that says it has it.
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

function turn(event) {
  const chosen = event.target.closest?.('[role="radio"]');
  const step = STEPS[event.key];
  if (!chosen || !step) return;
  const all = [...chosen.closest('[role="radiogroup"]').querySelectorAll('[role="radio"]')];
  const next = all[(all.indexOf(chosen) + step + all.length) % all.length];
  event.preventDefault();
  next.focus();
  next.click();
}

function save(event) {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 's' || document.querySelector('.q-dialog')) return;
  const button = [...document.querySelectorAll('[aria-keyshortcuts="Control+S"]')].find((one) => one.offsetParent);
  if (!button) return;
  event.preventDefault();
  document.activeElement?.blur(); // what stands in a field is taken first
  setTimeout(() => button.click(), 50);
}

addEventListener('keydown', turn);
addEventListener('keydown', save);
