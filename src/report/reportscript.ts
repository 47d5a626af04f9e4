/** Of a report's page: values below the pointer, runs hidden by their boxes, stories paged by keys. */
export const REPORT_SCRIPT = `'use strict';
const SVG = 'http://www.w3.org/2000/svg';
const root = document.documentElement;
const escapeText = (text) => text.replace(/[&<>"]/g, (c) => '&#' + c.charCodeAt(0) + ';');

for (const box of document.querySelectorAll('.colours input')) {
  box.addEventListener('change', () => root.classList.toggle('hide-' + box.dataset.run, !box.checked));
}

function placeTip(figure, tip, x, y) {
  tip.hidden = false;
  const width = figure.clientWidth;
  tip.style.left = (x > width / 2 ? Math.max(0, x - tip.offsetWidth - 14) : Math.min(x + 14, width - tip.offsetWidth)) + 'px';
  tip.style.top = y + 'px';
}

for (const figure of document.querySelectorAll('.chart')) {
  const chart = JSON.parse(figure.dataset.chart);
  const tip = figure.querySelector('.tip');
  // Thin lines have their points in between: the values of the others are what is read.
  const main = chart.series.filter((one) => one.look !== 'faint');
  const xs = [...new Set((main.length > 0 ? main : chart.series).flatMap((one) => one.points.map(([x]) => x)))].sort((a, b) => a - b);
  let at = -1;
  const nearest = (points, x) => points.reduce((a, b) => (Math.abs(b[0] - x) < Math.abs(a[0] - x) ? b : a));
  // A value is shown where its series has one about here: within the distance of its neighbours.
  const reach = (points) => (points.length < 2 ? Infinity : (points.at(-1)[0] - points[0][0]) / (points.length - 1)) / 2 + 1e-9;

  const hide = () => {
    at = -1;
    tip.hidden = true;
    for (const mark of figure.querySelectorAll('.cursor')) mark.remove();
  };
  const show = (index) => {
    hide();
    at = Math.max(0, Math.min(xs.length - 1, index));
    const x = xs[at];
    const heads = new Set();
    const rows = chart.series.flatMap((one) => {
      if (one.run !== null && root.classList.contains('hide-' + one.run)) return [];
      const point = nearest(one.points, x);
      if (Math.abs(point[0] - x) > Math.min(reach(one.points), 0.5 + reach(one.points) / 2)) return [];
      const own = one.run === null ? 'var(--ink)' : 'var(--run-' + one.run + ')';
      const head = heads.has(one.name) || one.kind === '' ? '' : '<div>' + escapeText(one.name) + '</div>';
      heads.add(one.name);
      return [head + '<div><i class="' + one.look + '" style="--own:' + own + '"></i>' + escapeText(one.kind || one.name) + '<b>' + Number(point[1].toPrecision(4)) + '</b></div>'];
    });
    tip.innerHTML = '<strong>' + escapeText(chart.labels[x] ?? chart.x + ' ' + Number(x.toPrecision(4))) + '</strong>' + rows.join('');
    const plot = [...figure.querySelectorAll('.plot')].find((one) => one.offsetParent !== null);
    const svg = plot.querySelector('svg');
    const [a, b] = JSON.parse(plot.dataset.axes);
    const box = svg.viewBox.baseVal;
    const line = document.createElementNS(SVG, 'line');
    line.setAttribute('class', 'cursor');
    for (const [name, value] of [['x1', a * x + b], ['x2', a * x + b], ['y1', 10], ['y2', box.height - 42]]) line.setAttribute(name, value);
    svg.append(line);
    placeTip(figure, tip, (a * x + b) / box.width * svg.clientWidth, plot.offsetTop + 8);
  };
  const toPointer = (event) => {
    const plot = event.target.closest('.plot');
    if (plot === null || xs.length === 0) return;
    const svg = plot.querySelector('svg');
    const area = svg.getBoundingClientRect();
    const [a, b] = JSON.parse(plot.dataset.axes);
    const x = ((event.clientX - area.left) / area.width * svg.viewBox.baseVal.width - b) / a;
    show(xs.indexOf(nearest(xs.map((one) => [one]), x)[0]));
  };
  figure.addEventListener('pointermove', toPointer);
  figure.addEventListener('pointerdown', toPointer);
  figure.addEventListener('pointerleave', hide);
  figure.addEventListener('blur', hide);
  figure.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by !== undefined && xs.length > 0) show(at < 0 ? (by > 0 ? 0 : xs.length - 1) : at + by);
    else if (event.key === 'Escape') hide();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

for (const figure of document.querySelectorAll('.attention')) {
  const map = JSON.parse(figure.dataset.map);
  const tip = figure.querySelector('.tip');
  const svg = figure.querySelector('svg');
  const toPointer = (event) => {
    const area = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / area.width;
    const column = Math.floor(((event.clientX - area.left) * scale - map.left) / map.cell);
    const row = Math.floor(((event.clientY - area.top) * scale - map.top) / map.cell);
    const share = map.shares[row]?.[column];
    tip.hidden = true;
    if (share === undefined) return;
    tip.textContent = map.told[row] + ' looks at ' + map.read[column] + ': ' + share + ' %';
    placeTip(figure, tip, event.clientX - area.left, svg.offsetTop + (event.clientY - area.top) + 14);
  };
  svg.addEventListener('pointermove', toPointer);
  svg.addEventListener('pointerdown', toPointer);
  svg.addEventListener('pointerleave', () => (tip.hidden = true));
}

for (const gallery of document.querySelectorAll('.gallery')) {
  const stories = [...gallery.querySelectorAll('.story')];
  const pager = gallery.querySelector('.pager');
  const select = pager.querySelector('select');
  const buttons = [...pager.querySelectorAll('button')];
  let now = 0;
  const show = (index, move = true) => {
    now = Math.max(0, Math.min(stories.length - 1, index));
    stories.forEach((story, i) => (story.hidden = i !== now));
    select.value = String(now);
    buttons.forEach((button) => (button.disabled = now + Number(button.dataset.by) < 0 || now + Number(button.dataset.by) >= stories.length));
    if (!move) return;
    // A reader of the page hears which story it is.
    stories[now].querySelector('h3').focus({ preventScroll: true });
    if (gallery.getBoundingClientRect().top < 0) gallery.scrollIntoView({ block: 'start' });
  };
  pager.hidden = stories.length < 2;
  show(0, false);
  for (const button of buttons) button.addEventListener('click', () => show(now + Number(button.dataset.by)));
  select.addEventListener('change', () => show(Number(select.value)));
  document.addEventListener('keydown', (event) => {
    const to = { ArrowLeft: now - 1, ArrowRight: now + 1 }[event.key];
    const area = gallery.getBoundingClientRect();
    const seen = area.bottom > 0 && area.top < innerHeight;
    // Keys belong to what has the focus, and to the browser where they mean more.
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.target.closest('.chart, .scroll, select, input, summary')) return;
    if (!seen) return;
    event.preventDefault();
    show(to);
  });
}
`;
