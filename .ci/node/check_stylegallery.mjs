// Makes a gallery of 5,000 passages and uses it in headless Chromium: keeps, rejects, moves by keys and by dragging,
// filters, exports, reads a choice, on wide and narrow screens, light and dark.
// Use: node .ci/node/check_stylegallery.mjs FOLDER [DIST]
// FOLDER: for the gallery, its exports and pictures of it; DIST: folder of the compiled project, dist/ by default.
// Fails when the page asks the network for anything, reports an error, is wider than the screen, is slow, or loses a
// choice. Says so and ends well where there is no Chromium.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { findChromium, openPage } from './chromium.mjs';

const [folder, dist = 'dist'] = process.argv.slice(2);
if (!folder) throw new Error('use: check_stylegallery.mjs FOLDER [DIST]');
const chromium = findChromium();
if (chromium === undefined) {
  console.log('skipped: no Chromium is here; install it, or set CHROMIUM');
  process.exit(0);
}
const COUNT = 5000;
/** The modifier, as the protocol has it. */
const ALT = 1;
mkdirSync(folder, { recursive: true });
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const html = await makeGallery();

const failures = [];
const requests = [];
const page = await openPage(chromium);
page.on('Network.requestWillBeSent', ({ request }) => requests.push(request.url));
page.on('Runtime.exceptionThrown', ({ exceptionDetails }) => failures.push(`exception: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`));
page.on('Runtime.consoleAPICalled', ({ type, args }) => failures.push(`console.${type}: ${args.map(({ value }) => value).join(' ')}`));
page.on('Log.entryAdded', ({ entry }) => failures.push(`${entry.source}: ${entry.text}`));
const expect = (what, holds) => {
  console.log(`${holds ? 'yes' : 'NO '}  ${what}`);
  if (!holds) failures.push(what);
};
try {
  await use();
  await looks();
} finally {
  await page.close();
}
const own = pathToFileURL(resolve(folder, 'gallery')).href;
expect(`nothing asked of the network (${requests.length} requests, all for the gallery's files)`, requests.every((url) => url.startsWith(own) || /^(data|blob):/.test(url)));
expect('photos are loaded when they are near', requests.filter((url) => url.includes('/thumbs/')).length > 3);
if (failures.length > 0) console.log(`FAILED:\n${failures.join('\n')}`);
process.exit(failures.length > 0 ? 1 : 0);

async function screen(width, scheme) {
  await page.send('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: width < 500 });
  await page.send('Emulation.setEmulatedMedia', { media: '', features: [{ name: 'prefers-color-scheme', value: scheme }] });
  await page.open(pathToFileURL(html).href);
  await sleep(300);
}

async function looks() {
  for (const [name, width, scheme] of [['wide', 1400, 'light'], ['tablet', 800, 'light'], ['phone', 380, 'light'], ['small phone', 320, 'light'], ['phone, dark', 380, 'dark'], ['wide, dark', 1400, 'dark']]) {
    await screen(width, scheme);
    const [inside, outside] = await page.evaluate('[document.documentElement.scrollWidth, document.documentElement.clientWidth]');
    expect(`${name}: ${inside} pixels fit into ${Math.min(width, outside)}`, inside <= Math.min(width, outside));
    const paper = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(`${name}: paper is ${paper}`, (Number(/\d+/.exec(paper)[0]) < 60) === (scheme === 'dark'));
    await picture(name);
  }
  await page.evaluate('document.querySelector(".menu").open = true');
  await picture('menu');
}

async function picture(name) {
  const { data } = await page.send('Page.captureScreenshot', { format: 'png' });
  writeFileSync(join(folder, `${name.replaceAll(/\W+/g, '-')}.png`), Buffer.from(data, 'base64'));
}

function ids(most = 4) {
  return page.evaluate(`[...document.querySelectorAll('#list > li')].slice(0, ${most}).map((card) => card.querySelector('.head b').textContent).join(' ')`);
}

function counts() {
  return page.evaluate("['undecided', 'kept', 'rejected'].map((name) => document.querySelector(`[data-count=${name}]`).textContent).join(' ')");
}

function current() {
  return page.evaluate("document.activeElement.closest('#list > li')?.querySelector('.head b').textContent");
}

function said() {
  return page.evaluate("document.querySelector('#said').textContent");
}

function click(selector) {
  return page.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
}

function card(id) {
  return `[...document.querySelectorAll('#list > li')].find((card) => card.querySelector('.head b').textContent === '${id}')`;
}

async function press(key, modifiers = 0) {
  const text = key.length === 1 && modifiers === 0 ? { text: key } : {};
  for (const type of ['keyDown', 'keyUp']) await page.send('Input.dispatchKeyEvent', { type, key, code: key, modifiers, ...(type === 'keyDown' && text) });
}
async function use() {
  await screen(1400, 'light');
  expect(`40 of ${COUNT} are in the page`, (await page.evaluate("document.querySelectorAll('#list > li').length")) === 40 && (await counts()) === `${COUNT} 0 0`);
  expect('a passage that looks like a page is text', await page.evaluate("document.querySelector('.passage').textContent.includes('<script>alert(1)</script>') && document.querySelectorAll('#list script').length === 0"));
  expect('one without a passage is listed', (await page.evaluate("document.querySelector('.untold').textContent")).includes('p-none, romance: 3 words, 15 are needed (2); flagged'));
  await keys();
  await moves();
  await dragging();
  await reloading();
  await filters();
  await files();
  await speed();
}

async function keys() {
  await press('ArrowDown');
  expect('a first key goes to the first', (await current()) === 'p0');
  await press('k');
  expect('k keeps and goes on', (await current()) === 'p1' && (await counts()) === `${COUNT - 1} 1 0` && (await said()) === 'p0: kept');
  await press('r');
  await press('k');
  await press('ArrowUp');
  expect('r rejects; an arrow goes back', (await current()) === 'p2' && (await counts()) === `${COUNT - 3} 2 1`);
  await press('u');
  expect('u makes undecided', (await counts()) === `${COUNT - 2} 1 1`);
  await press('z');
  await press('z');
  expect('z undoes, and shows what', (await counts()) === `${COUNT - 2} 1 1` && (await current()) === 'p2');
  await press('k');
  expect('the state is told to who cannot see', (await page.evaluate(`${card('p2')}.getAttribute('aria-label')`)) === `3 of ${COUNT}: p2, kept` && await page.evaluate(`${card('p2')}.querySelector('[data-do=kept]').getAttribute('aria-pressed') === 'true'`));
  await page.evaluate(`${card('p4')}.querySelector('[data-do=kept]').click()`);
  expect('a button keeps and stays', (await current()) === 'p4' && (await counts()) === `${COUNT - 4} 3 1`);
  await press('ArrowRight');
  expect('an arrow turns the page', (await current()) === 'p40');
  await press('ArrowLeft');
  expect('and back', (await current()) === 'p0');
}

async function moves() {
  await press('ArrowDown', ALT);
  expect('Alt and an arrow move down', (await ids()) === 'p1 p0 p2 p3' && (await current()) === 'p0');
  await press('ArrowUp', ALT);
  await press('End', ALT);
  expect('Alt End moves to the end, and the page follows', (await current()) === 'p0' && (await page.evaluate("document.querySelector('#page').value")) === String(COUNT / 40));
  await press('z');
  expect('which can be undone', (await ids()) === 'p0 p1 p2 p3' && (await current()) === 'p0');
  await page.evaluate(`${card('p3')}.querySelector('[data-do=front]').click()`);
  expect('a button moves to the front', (await ids()) === 'p3 p0 p1 p2');
  await press('z');
}

async function dragging() {
  // High enough for the cards that it goes over.
  await page.send('Emulation.setDeviceMetricsOverride', { width: 1400, height: 1500, deviceScaleFactor: 1, mobile: false });
  await page.evaluate('scrollTo(0, 0)');
  const [from, to] = await page.evaluate(`[${card('p2')}.querySelector('.grip'), ${card('p0')}].map((one) => { const box = one.getBoundingClientRect(); return [box.left + box.width / 2, box.top + Math.min(12, box.height / 2)]; })`);
  const mouse = (type, [x, y]) => page.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', buttons: 1, clickCount: 1 });
  await mouse('mousePressed', from);
  for (let step = 1; step <= 6; step++) await mouse('mouseMoved', [from[0], from[1] + ((to[1] - from[1]) * step) / 6]);
  expect('where it would drop is marked', (await page.evaluate("document.querySelector('.before .head b')?.textContent")) === 'p0');
  await picture('dragging');
  await mouse('mouseReleased', [from[0], to[1]]);
  expect('dragging by the grip moves', (await ids()) === 'p2 p0 p1 p3');
}

async function reloading() {
  await screen(1400, 'light');
  expect('choice and order outlast the page', (await counts()) === `${COUNT - 4} 3 1` && (await ids()) === 'p2 p0 p1 p3');
}

async function filters() {
  await click('[name=show][value=kept]');
  expect('only those kept', (await ids()) === 'p2 p0 p4');
  await press('ArrowDown');
  await press('ArrowDown', ALT);
  expect('moved among those that are seen', (await ids()) === 'p0 p2 p4');
  await press('r');
  expect('one that the filter hides makes room', (await ids()) === 'p0 p4' && (await current()) === 'p4');
  await press('z');
  await click('[name=show][value=undecided]');
  expect('only the undecided', (await ids(2)) === 'p3 p5');
  await click('[name=show][value=all]');
  await page.evaluate("document.querySelector('#find').value = 'CAFÉ lighthouse'; document.querySelector('#find').dispatchEvent(new Event('input'))");
  await sleep(400);
  expect(`words are found without accents and case (${await said()})`, (await ids()) === 'p7 p1007 p2007 p3007');
  await page.evaluate("document.querySelector('#find').value = ''; document.querySelector('#find').dispatchEvent(new Event('input'))");
  await sleep(400);
  await page.evaluate("document.querySelector('#style').value = 'lyric'; document.querySelector('#style').dispatchEvent(new Event('change'))");
  expect('a style alone', (await ids(3)) === 'p1 p3 p5');
  await picture('lyric');
  await page.evaluate("document.querySelector('#style').value = '*'; document.querySelector('#style').dispatchEvent(new Event('change'))");
}

async function files() {
  const downloads = resolve(folder, 'exports');
  rmSync(downloads, { recursive: true, force: true });
  mkdirSync(downloads, { recursive: true });
  await page.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: downloads }).catch(() => page.send('Page.setDownloadBehavior', { behavior: 'allow', downloadPath: downloads }));
  const exported = async (kind, name) => {
    await click(`[data-export=${kind}]`);
    for (let i = 0; i < 50 && !existsSync(join(downloads, name)); i++) await sleep(100);
    await sleep(100);
    return readFileSync(join(downloads, name), 'utf8');
  };
  const rows = (await exported('jsonl', 'choice.jsonl')).trimEnd().split('\n').map((line) => JSON.parse(line));
  expect('the choice, in order', rows.map(({ id, choice }) => `${id} ${choice}`).join() === 'p0 kept,p2 kept,p1 rejected,p4 kept' && rows[0].captions.length === 2);
  const markdown = await exported('md', 'selection.md');
  expect('Markdown with its signs made plain', markdown.startsWith('# A gallery, "large"\n\n![p0](thumbs/') && markdown.includes('\\<script\\>alert(1)') && markdown.includes('p4') && !markdown.includes('p1,'));
  const selection = await exported('html', 'selection.html');
  expect('a page of those kept', (selection.match(/<article>/g) ?? []).length === 3 && !selection.includes('<script>'));
  writeFileSync(join(folder, 'gallery', 'selection.html'), selection);

  const read = async (name, text) => {
    writeFileSync(join(downloads, name), text);
    const { root } = await page.send('DOM.getDocument');
    const { nodeId } = await page.send('DOM.querySelector', { nodeId: root.nodeId, selector: '#import' });
    await page.send('DOM.setFileInputFiles', { nodeId, files: [join(downloads, name)] });
    await sleep(300);
    return said();
  };
  expect(`a bad file: ${await read('bad.jsonl', '{"id": 1}\n')}`, (await said()).startsWith('bad.jsonl: line 1 has no choice'));
  expect(`no JSON: ${await read('worse.jsonl', 'x')}`, (await said()) === 'worse.jsonl: line 1 is not JSON');
  const turned = [rows[3], rows[0], { ...rows[1], choice: 'rejected' }, { ...rows[2], passage: 'told anew' }];
  const report = await read('choice2.jsonl', turned.map((row) => JSON.stringify(row)).join('\n'));
  expect(`a choice read: ${report}`, report === '3 read; 1 of passages that are not in this gallery' && (await counts()) === `${COUNT - 4} 2 2`);
  await click('[name=show][value=kept]');
  expect('its order too', (await ids()) === 'p4 p0');
  await click('#undo');
  expect('and undone', (await counts()) === `${COUNT - 4} 3 1`);
  await click('[name=show][value=all]');
}

async function speed() {
  const time = async (what, expression, most) => {
    const took = await page.evaluate(`(async () => { const start = performance.now(); ${expression}; document.body.offsetHeight; return performance.now() - start; })()`);
    expect(`${what}: ${took.toFixed(0)} ms`, took < most);
  };
  await page.evaluate("document.querySelector('#list > li').click()");
  await time('100 decisions by keys, three pages', "for (let i = 0; i < 100; i++) document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', bubbles: true }))", 6000);
  await time('to the end and back by Alt End, Alt Home', "for (const key of ['End', 'Home']) document.body.dispatchEvent(new KeyboardEvent('keydown', { key, altKey: true, bubbles: true }))", 800);
  await time('another filter', "document.querySelector('[name=show][value=undecided]').click()", 400);
  await time('back', "document.querySelector('[name=show][value=all]').click()", 400);
  const start = performance.now();
  await page.open(pathToFileURL(html).href);
  const took = performance.now() - start;
  expect(`open: ${took.toFixed(0)} ms`, took < 4000);
}

/** Twelve photos drawn, 5,000 passages put together from few words. */
async function makeGallery() {
  const { makeStyleGallery } = await load('cli/style/gallery.js');
  const { Random } = await load('core/random.js');
  const { rasteriseSvg } = await load('io/rasterise.js');
  const photos = join(folder, 'photos');
  mkdirSync(photos, { recursive: true });
  for (let i = 0; i < 12; i++) {
    const [width, height] = i % 3 === 0 ? [360, 480] : [640, 420];
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="hsl(${i * 30} 60% 70%)"/><circle cx="${width / 2}" cy="${height / 2}" r="${60 + 10 * i}" fill="hsl(${i * 30 + 180} 60% 40%)"/></svg>`;
    writeFileSync(join(photos, `${i}.jpg`), await rasteriseSvg(svg, { width, height, quality: 90 }));
  }
  const random = new Random('passages');
  const words = 'she had never seen the harbour like this before and his hand lay on the rail while the light went out over water'.split(' ');
  const lines = Array.from({ length: COUNT }, (_, i) => {
    const text = Array.from({ length: 90 }, () => words[Math.floor(random.between(0, words.length))]).join(' ');
    const passage = i === 0 ? `<script>alert(1)</script> ${text}. *Stars* & [links]` : i % 1000 === 7 ? `The Café by the lighthouse, ${text}.` : i % 2 === 1 ? text.replaceAll(' the ', '\nThe ') : `${text[0].toUpperCase()}${text.slice(1)}.`;
    return JSON.stringify({
      id: `p${i}`, image: i === 3 ? 'gone.jpg' : `photos/${i % 12}.jpg`, style: i % 2 === 1 ? 'lyric' : 'romance', passage, nll: 180 + i / 100, words: 91,
      captions: [{ text: 'a boat in the harbour', score: 0.71 }, { text: 'two people at a rail', score: 0.64 }],
      rejected: i % 5 === 0 ? [{ text: 'short', reasons: ['3 words, 15 are needed'] }] : [],
    });
  });
  const short = { text: 'no', reasons: ['3 words, 15 are needed'] };
  lines.push(JSON.stringify({ id: 'p-none', image: 'photos/1.jpg', style: 'romance', captions: [], passage: null, rejected: [short, short, { text: 'x', reasons: ['flagged'] }] }));
  writeFileSync(join(folder, 'passages.jsonl'), `${lines.join('\n')}\n`);
  rmSync(join(folder, 'gallery'), { recursive: true, force: true });
  const { page: path } = await makeStyleGallery({ passages: [join(folder, 'passages.jsonl')], out: join(folder, 'gallery'), title: 'A gallery, "large"' });
  return resolve(path);
}
