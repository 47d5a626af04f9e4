/** Of a gallery of passages, after the state: moving by buttons, keys and dragging; filters and pages. */
export const STYLE_GALLERY_MOVES = `
/** Puts one before another in the order of all; before null: behind the last. */
function move(key, before) {
  if (key === before) return;
  const old = order;
  const rest = order.filter((one) => one !== key);
  const at = before === null ? rest.length : rest.indexOf(before);
  order = [...rest.slice(0, at), key, ...rest.slice(at)];
  if (order.every((one, i) => one === old[i])) return;
  remember(() => { order = old; return key; });
  save();
  seen = filtered();
  now = seen.indexOf(key);
  render(true);
  say(byKey.get(key).id + ': now ' + (now + 1) + ' of ' + seen.length);
}

/** The last that is seen may stand before others that are not. */
const behind = (key) => order[order.indexOf(key) + 1] ?? null;

function moveBy(key, what) {
  const at = seen.indexOf(key);
  if (what === 'front') move(key, seen[0]);
  if (what === 'end') move(key, behind(seen.at(-1)));
  if (what === 'up' && at > 0) move(key, seen[at - 1]);
  if (what === 'down' && at < seen.length - 1) move(key, behind(seen[at + 1]));
}

list.addEventListener('click', (event) => {
  const card = event.target.closest('li[data-key]');
  if (card === null) return;
  const { key } = card.dataset;
  const what = event.target.closest('[data-do]')?.dataset.do;
  if (what === 'kept' || what === 'rejected') decide(key, choice.get(key) === what ? undefined : what, false);
  else if (what !== undefined && what !== 'grip') moveBy(key, what);
  else {
    now = seen.indexOf(key);
    for (const one of cards.values()) refresh(one);
  }
});

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.target.closest('input, select, textarea, summary, .menu')) return;
  const key = seen[now];
  const moves = { ArrowUp: 'up', ArrowDown: 'down', Home: 'front', End: 'end' };
  const page = Math.floor(now / PER_PAGE);
  const actions = {
    k: () => decide(key, 'kept', true), r: () => decide(key, 'rejected', true), u: () => decide(key, undefined, false), z: undo,
    ArrowUp: () => go(now - 1), ArrowDown: () => go(now + 1),
    ArrowLeft: () => go((page - 1) * PER_PAGE), ArrowRight: () => (page + 1) * PER_PAGE < seen.length && go((page + 1) * PER_PAGE),
    '/': () => find('#find').focus(),
  };
  const action = event.altKey ? moves[event.key] && (() => moveBy(key, moves[event.key])) : actions[event.key];
  if (!action || (key === undefined && event.key !== 'z' && event.key !== '/')) return;
  event.preventDefault();
  // A key from another place of the page first shows where it works.
  if (!event.altKey && event.key === 'ArrowDown' && !list.contains(document.activeElement)) go(now);
  else action();
});

// Dragging by the grip, with mouse, pen or finger.
let drag = null;
function dropPlace() {
  const box = list.getBoundingClientRect();
  const over = document.elementFromPoint(box.left + box.width / 2, drag.y)?.closest('#list > li');
  for (const card of cards.values()) card.classList.remove('before', 'after');
  if (!over) return;
  const { top, height } = over.getBoundingClientRect();
  const after = drag.y > top + height / 2;
  over.classList.add(after ? 'after' : 'before');
  drag.before = after ? behind(over.dataset.key) : over.dataset.key;
}
function scrollWhileDragging() {
  if (drag === null) return;
  const edge = 70;
  const by = drag.y < edge ? drag.y - edge : drag.y > innerHeight - edge ? drag.y - innerHeight + edge : 0;
  if (by !== 0) {
    scrollBy({ top: by / 3, behavior: 'instant' });
    dropPlace();
  }
  requestAnimationFrame(scrollWhileDragging);
}
function endDrag(drop) {
  if (drag === null) return;
  const { key, before } = drag;
  drag = null;
  for (const card of cards.values()) card.classList.remove('before', 'after', 'dragged');
  if (drop && before !== undefined) move(key, before);
}
list.addEventListener('pointerdown', (event) => {
  const grip = event.target.closest('.grip');
  if (grip === null || event.button !== 0) return;
  event.preventDefault();
  grip.setPointerCapture(event.pointerId);
  const card = grip.closest('li');
  card.classList.add('dragged');
  drag = { key: card.dataset.key, y: event.clientY, before: undefined };
  scrollWhileDragging();
});
list.addEventListener('pointermove', (event) => {
  if (drag === null) return;
  drag.y = event.clientY;
  dropPlace();
});
list.addEventListener('pointerup', () => endDrag(true));
list.addEventListener('pointercancel', () => endDrag(false));
document.addEventListener('keydown', (event) => { if (event.key === 'Escape') endDrag(false); });

/** Other filters: the current one stays, where it is still seen. */
function filter() {
  const key = seen[now];
  seen = filtered();
  now = Math.max(0, seen.indexOf(key));
  render(false);
  say(seen.length + (seen.length === 1 ? ' passage' : ' passages'));
}
for (const input of document.querySelectorAll('[name=show], #style')) input.addEventListener('change', filter);
let typing;
find('#find').addEventListener('input', () => {
  clearTimeout(typing);
  typing = setTimeout(filter, 150);
});

function turn(page) {
  go((page - 1) * PER_PAGE);
  list.scrollIntoView({ block: 'start' });
}
find('#previous').addEventListener('click', () => turn(Number(find('#page').value) - 1));
find('#next').addEventListener('click', () => turn(Number(find('#page').value) + 1));
find('#page').addEventListener('change', (event) => turn(Math.max(1, Math.min(Number(event.target.max), Math.floor(Number(event.target.value)) || 1))));
find('#undo').addEventListener('click', undo);
// Another tab has this gallery open too.
addEventListener('storage', (event) => {
  if (event.key !== gallery.dataset.key) return;
  undos.length = 0;
  read();
  render(false);
});
`;
