/** Of a gallery of passages: what is chosen and where the browser keeps it, what is shown, keys. */
export const STYLE_GALLERY_SCRIPT = `const PER_PAGE = 40;
const find = (selector) => document.querySelector(selector);
const [gallery, list] = [find('#gallery'), find('#list')];
const items = JSON.parse(find('#items').textContent);
const byKey = new Map(items.map((item) => [item.key, item]));
const say = (text) => { find('#said').textContent = text; };

// The state: a choice a key where one was made, and the order of all keys (replaced, never changed).
const choice = new Map();
let order;
const undos = [];

function read() {
  choice.clear();
  for (const item of items) if (item.choice) choice.set(item.key, item.choice);
  order = items.map((item) => item.key);
  let saved = null;
  try {
    saved = JSON.parse(localStorage.getItem(gallery.dataset.key));
  } catch {
    say('This browser keeps no choice for this page: export it before you close the page.');
  }
  if (saved === null) return;
  for (const [key, value] of Object.entries(saved.choice)) if (byKey.has(key)) value === '' ? choice.delete(key) : choice.set(key, value);
  const known = saved.order.filter((key) => byKey.has(key));
  const listed = new Set(known);
  if (known.length > 0) order = [...known, ...order.filter((key) => !listed.has(key))];
}

function save() {
  const changed = items.filter((item) => (choice.get(item.key) ?? '') !== (item.choice ?? '')).map((item) => [item.key, choice.get(item.key) ?? '']);
  const moved = order.some((key, i) => key !== items[i].key);
  try {
    localStorage.setItem(gallery.dataset.key, JSON.stringify({ choice: Object.fromEntries(changed), order: moved ? order : [] }));
  } catch {
    say('The browser cannot keep the choice: export it before you close the page.');
  }
}

const fold = (text) => text.normalize('NFKD').replace(/\\p{M}/gu, '').toLowerCase();
const texts = new Map();
function textOf(item) {
  if (!texts.has(item.key)) texts.set(item.key, fold([item.id, item.passage, ...item.captions.map(({ text }) => text)].join(' \\n ')));
  return texts.get(item.key);
}

// What is seen: keys that pass the filters, the place of the current one, its page's cards.
let seen = [];
let now = 0;
let cards = new Map();

function filtered() {
  const show = find('[name=show]:checked').value;
  const style = find('#style').value;
  const words = fold(find('#find').value).split(/\\s+/).filter((word) => word !== '');
  return order.filter((key) => {
    const item = byKey.get(key);
    return (show === 'all' || (choice.get(key) ?? 'undecided') === show) && (style === '*' || item.style === style) && words.every((word) => textOf(item).includes(word));
  });
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function makeCard(item) {
  const button = (text, label, what) => {
    const made = element('button', { type: 'button', textContent: text, title: label });
    made.dataset.do = what;
    made.setAttribute('aria-label', label);
    return made;
  };
  const photo = item.thumbnail === null ? element('span', { className: 'nophoto', textContent: item.id }) : element('img', { loading: 'lazy', decoding: 'async', alt: 'Photo ' + item.id, src: item.thumbnail });
  const figures = [item.style, item.words + ' words', item.nll === null ? '' : (item.nll / Math.max(1, item.words)).toFixed(2) + ' nats a word'];
  const place = element('span', { className: 'place' });
  const head = element('p', { className: 'head' }, place, element('b', { textContent: item.id }), element('span', { textContent: figures.filter((part) => part !== '').join(', ') }));
  const more = element('details', {}, element('summary', { textContent: 'Captions' }), element('ul', {}, ...item.captions.map(({ text, score }) => element('li', { textContent: score === null ? text : text + ' (' + score.toFixed(3) + ')' }))));
  if (item.rejected) more.append(element('p', { textContent: 'Not taken before it: ' + item.rejected.join('; ') }));
  if (item.captions.length === 0) more.querySelector('summary').textContent = 'More';
  const grip = button('⠿', 'Drag to another place', 'grip');
  grip.tabIndex = -1;
  grip.className = 'grip';
  const tools = element('div', { className: 'do' }, button('Keep', 'Keep', 'kept'), button('Reject', 'Reject', 'rejected'), element('span', { className: 'moves' }, button('⤒', 'Move to the front', 'front'), button('↑', 'Move up', 'up'), button('↓', 'Move down', 'down'), grip));
  const card = element('li', { tabIndex: -1 }, element('div', { className: 'photo' }, photo), element('div', { className: 'text' }, head, element('p', { className: 'passage', textContent: item.passage }), ...(item.captions.length > 0 || item.rejected ? [more] : []), tools));
  card.dataset.key = item.key;
  return card;
}

function refresh(card) {
  const key = card.dataset.key;
  const value = choice.get(key) ?? 'undecided';
  const at = seen.indexOf(key);
  card.dataset.choice = value;
  card.tabIndex = at === now ? 0 : -1;
  card.querySelector('.place').textContent = at + 1 + ' / ' + seen.length;
  card.setAttribute('aria-label', at + 1 + ' of ' + seen.length + ': ' + byKey.get(key).id + ', ' + value);
  for (const button of card.querySelectorAll('[data-do=kept], [data-do=rejected]')) button.setAttribute('aria-pressed', String(button.dataset.do === value));
}

/** Shows the page of the current one. */
function render(focus) {
  seen = filtered();
  now = Math.max(0, Math.min(now, seen.length - 1));
  const page = Math.floor(now / PER_PAGE);
  const keys = seen.slice(page * PER_PAGE, (page + 1) * PER_PAGE);
  const shown = [...list.children].map((card) => card.dataset.key);
  // Cards that stay keep their photos.
  cards = new Map(keys.map((key) => [key, cards.get(key) ?? makeCard(byKey.get(key))]));
  if (keys.join() !== shown.join()) list.replaceChildren(...cards.values());
  for (const card of cards.values()) refresh(card);
  list.start = page * PER_PAGE + 1;
  const pages = Math.max(1, Math.ceil(seen.length / PER_PAGE));
  find('#pages').textContent = pages;
  Object.assign(find('#page'), { value: page + 1, max: pages });
  find('#previous').disabled = page === 0;
  find('#next').disabled = page === pages - 1;
  find('.pager').hidden = pages === 1;
  find('#none').hidden = seen.length > 0;
  find('#undo').disabled = undos.length === 0;
  const counts = { all: items.length, kept: 0, rejected: 0 };
  for (const value of choice.values()) counts[value]++;
  counts.undecided = items.length - counts.kept - counts.rejected;
  for (const one of document.querySelectorAll('[data-count]')) one.textContent = counts[one.dataset.count];
  if (focus && seen.length > 0) {
    const card = cards.get(seen[now]);
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: 'nearest' });
  }
}

/** Where keys and buttons go from here; the page turns with it. */
function go(to) {
  now = Math.max(0, Math.min(to, seen.length - 1));
  render(true);
}

function remember(undo) {
  undos.push(undo);
  if (undos.length > 200) undos.shift();
}

function undo() {
  const last = undos.pop();
  if (last === undefined) return say('Nothing to undo.');
  const key = last();
  save();
  render(false);
  const at = seen.indexOf(key);
  if (at >= 0) now = at;
  render(true);
  say('Undone.');
}

function decide(key, value, on) {
  const before = choice.get(key);
  if (before !== value) {
    remember(() => { before === undefined ? choice.delete(key) : choice.set(key, before); return key; });
    value === undefined ? choice.delete(key) : choice.set(key, value);
    save();
  }
  const at = seen.indexOf(key);
  now = at;
  // One that the filter no longer shows makes room for the next.
  const stays = filtered()[at] === key;
  if (on && stays) now = Math.min(at + 1, seen.length - 1);
  render(true);
  say(byKey.get(key).id + ': ' + (value ?? 'undecided'));
}
`;
