/** Of a gallery of passages, last: the choice as a file, and read from one. */
export const STYLE_GALLERY_EXPORT = `
const chosen = (value) => order.filter((key) => choice.get(key) === value).map((key) => byKey.get(key));

function jsonLines() {
  return order.filter((key) => choice.has(key)).map((key) => {
    const { id, image, style, captions, passage, nll, words } = byKey.get(key);
    return JSON.stringify({ id, image, style, captions, passage, nll, words, choice: choice.get(key) }) + '\\n';
  }).join('');
}

const plain = (text) => text.replace(/[\\\\\`*_{}[\\]<>#|~&]/g, '\\\\$&').replace(/^(\\s*)([-+=]|\\d+[.)])/gm, '$1\\\\$2');
function markdown() {
  const entries = chosen('kept').map(({ id, style, passage, thumbnail }) => [
    ...(thumbnail === null ? [] : ['![' + plain(id) + '](' + thumbnail + ')']),
    plain(passage).replace(/\\n/g, '  \\n'), '*' + plain(style === '' ? id : id + ', ' + style) + '*',
  ].join('\\n\\n'));
  return ['# ' + plain(gallery.dataset.title), ...entries].join('\\n\\n') + '\\n';
}

const html = (text) => text.replace(/[&<>"']/g, (character) => '&#' + character.charCodeAt(0) + ';');
function page() {
  const title = html(gallery.dataset.title);
  const entries = chosen('kept').map(({ id, style, passage, thumbnail }) => '<article>' + (thumbnail === null ? '' : '<img alt="Photo ' + html(id) + '" src="' + html(thumbnail) + '">') + '<p>' + html(passage) + '</p><small>' + html(style === '' ? id : id + ', ' + style) + '</small></article>');
  const style = ':root{color-scheme:light dark}body{max-width:42rem;margin:2rem auto;padding:0 1rem;font:1.05rem/1.55 Georgia,serif}article{margin:0 0 3rem;break-inside:avoid}img{max-width:100%}p{white-space:pre-line}small{opacity:.7}';
  return '<!doctype html>\\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>' + title + '</title><style>' + style + '</style></head>\\n<body><h1>' + title + '</h1>\\n' + entries.join('\\n') + '\\n</body></html>\\n';
}

const EXPORTS = { jsonl: [jsonLines, 'choice.jsonl', 'application/jsonl'], md: [markdown, 'selection.md', 'text/markdown'], html: [page, 'selection.html', 'text/html'] };
for (const button of document.querySelectorAll('[data-export]')) {
  button.addEventListener('click', () => {
    const [make, name, type] = EXPORTS[button.dataset.export];
    const count = button.dataset.export === 'jsonl' ? choice.size : chosen('kept').length;
    if (count === 0) return say('Nothing is ' + (button.dataset.export === 'jsonl' ? 'decided' : 'kept') + ' yet.');
    const url = URL.createObjectURL(new Blob([make()], { type: type + ';charset=utf-8' }));
    element('a', { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
    say(name + ': ' + count + (count === 1 ? ' passage' : ' passages'));
  });
}

function parseChoice(text) {
  return text.split('\\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    let row;
    try {
      row = JSON.parse(line);
    } catch {
      throw new Error('line ' + (i + 1) + ' is not JSON');
    }
    if (row === null || typeof row !== 'object' || !['kept', 'rejected'].includes(row.choice)) throw new Error('line ' + (i + 1) + ' has no choice, kept or rejected: read what a gallery has exported');
    return [row];
  });
}

/** Those of the file come into its order, at the places that they had among the others. */
function applyChoice(rows) {
  const name = ({ id, style, passage }) => JSON.stringify([String(id), style ?? '', passage]);
  const known = new Map(items.map((item) => [name(item), item.key]));
  const found = new Map(rows.flatMap((row) => (known.has(name(row)) ? [[known.get(name(row)), row.choice]] : [])));
  const old = { order, choice: [...choice] };
  remember(() => {
    order = old.order;
    choice.clear();
    for (const [key, value] of old.choice) choice.set(key, value);
    return order[0];
  });
  for (const [key, value] of found) choice.set(key, value);
  const keys = [...found.keys()];
  let next = 0;
  order = order.map((key) => (found.has(key) ? keys[next++] : key));
  save();
  render(false);
  const others = rows.length - found.size;
  say(found.size + ' read' + (others === 0 ? '' : '; ' + others + ' of passages that are not in this gallery'));
}

find('#import').addEventListener('change', async (event) => {
  const [file] = event.target.files;
  if (file === undefined) return;
  try {
    applyChoice(parseChoice(await file.text()));
  } catch (error) {
    say(file.name + ': ' + error.message);
  }
  event.target.value = '';
});

// A menu closes when something else is clicked.
document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('.menu[open]')) if (!menu.contains(event.target)) menu.open = false;
});

read();
render(false);
`;
