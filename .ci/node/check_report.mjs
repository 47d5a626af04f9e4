// Makes a report of two tiny runs and looks at it in headless Chromium: wide, on a phone, dark, printed, without scripts.
// Use: node .ci/node/check_report.mjs FOLDER [DIST]
// FOLDER: for the runs, the report and pictures of it; DIST: folder of the compiled project, dist/ by default.
// Fails when the page asks the network for anything, reports an error, is wider than the screen, does not turn stories
// by keys, or does not show values. Says so and ends well where there is no Chromium.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findChromium, openPage } from './chromium.mjs';

const [folder, dist = 'dist'] = process.argv.slice(2);
if (!folder) throw new Error('use: check_report.mjs FOLDER [DIST]');
const chromium = findChromium();
if (chromium === undefined) {
  console.log('skipped: no Chromium is here; install it, or set CHROMIUM');
  process.exit(0);
}
mkdirSync(folder, { recursive: true });
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const html = await makeReport();

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
  await look();
} finally {
  await page.close();
}
expect(`nothing asked of the network (${requests.length} requests, all for the file itself or in it)`, requests.every((url) => /^(file|data):/.test(url)) && requests.filter((url) => url.startsWith('file:')).every((url) => url === pathToFileURL(html).href));
if (failures.length > 0) console.log(`FAILED:\n${failures.join('\n')}`);
process.exit(failures.length > 0 ? 1 : 0);

async function look() {
  for (const [name, width, scheme] of [['wide', 1400, 'light'], ['tablet', 800, 'light'], ['phone', 380, 'light'], ['small phone', 320, 'light'], ['phone, dark', 380, 'dark'], ['wide, dark', 1400, 'dark']]) {
    await screen(width, scheme);
    await fits(name, width);
    const dark = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(`${name}: paper is ${dark}`, (Number(/\d+/.exec(dark)[0]) < 60) === (scheme === 'dark'));
    expect(`${name}: one drawing of each chart`, await page.evaluate('[...document.querySelectorAll(".chart")].every((chart) => [...chart.querySelectorAll("svg")].filter((svg) => svg.checkVisibility()).length === 1)'));
    await picture(name);
  }
  await screen(1400, 'light');
  await keys();
  await values();
  await printed();
  await withoutScripts();
}

async function screen(width, scheme) {
  await page.send('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: width < 500 });
  await page.send('Emulation.setEmulatedMedia', { media: '', features: [{ name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }] });
  await page.open(pathToFileURL(html).href);
}

/** A phone would widen its view to what is in it: so the width asked for counts too. */
async function fits(name, width) {
  const [inside, outside] = await page.evaluate('[document.documentElement.scrollWidth, document.documentElement.clientWidth]');
  expect(`${name}: ${inside} pixels fit into ${Math.min(width, outside)}`, inside <= Math.min(width, outside));
}

async function picture(name) {
  const { data } = await page.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true });
  writeFileSync(join(folder, `${name.replaceAll(/\W+/g, '-')}.png`), Buffer.from(data, 'base64'));
}

async function keys() {
  const shown = () => page.evaluate('[...document.querySelectorAll(".story")].flatMap((story, i) => (story.checkVisibility() ? [i + 1] : [])).join()');
  expect('one story is shown at first', (await shown()) === '1');
  await page.key('ArrowRight');
  expect('keys do nothing to stories out of sight', (await shown()) === '1');
  await page.evaluate('document.querySelector("#stories").scrollIntoView()');
  await page.key('ArrowRight');
  await page.key('ArrowRight');
  expect('two keys turn to the third', (await shown()) === '3');
  expect('the focus follows', (await page.evaluate('document.activeElement.id')) === 'story-3');
  await page.key('ArrowLeft');
  expect('a key turns back', (await shown()) === '2');
  for (let i = 0; i < 6; i++) await page.key('ArrowRight');
  expect('the last story is the last', (await shown()) === '4');
  await page.evaluate('document.querySelector(".pager button").click()');
  expect('so does a button', (await shown()) === '3');
  await page.evaluate('document.querySelector("#loss-chart").focus()');
  await page.key('ArrowRight');
  expect('a key in a chart shows its values and turns no story', (await shown()) === '3' && (await page.evaluate('document.querySelector("#loss-chart .tip").checkVisibility()')));
}

async function values() {
  await page.evaluate('document.activeElement.blur(); document.querySelector("#loss-chart").scrollIntoView()');
  await point('#loss-chart .wide svg', 0.7, 0.5);
  const said = await page.evaluate('document.querySelector("#loss-chart .tip").innerText');
  expect(`values below the pointer: ${said.replace(/\s+/g, ' ')}`, /^epoch \d+/.test(said) && said.includes('validation') && /\d\.\d+/.test(said));
  await picture('values');
  await page.evaluate('document.querySelector(".colours input").click()');
  const gone = await page.evaluate('[...document.querySelectorAll(\'#loss-chart [stroke="var(--run-0)"]\')].every((line) => !line.checkVisibility())');
  expect('a run can be hidden', gone);
  await page.evaluate('document.querySelector(".colours input").click(); document.querySelector(".story:not([hidden]) .attention").scrollIntoView()');
  await point('.story:not([hidden]) .attention svg', 0.6, 0.6);
  const share = await page.evaluate('document.querySelector(".story:not([hidden]) .attention .tip").innerText');
  expect(`attention below the pointer: ${share}`, /looks at .*: \d+ %$/.test(share));
  await page.evaluate('document.querySelector("#runs thead th:nth-child(4) button").click()');
  expect('a click on a head sorts', (await page.evaluate('document.querySelector("#runs thead [aria-sort]").innerText')).startsWith('train loss'));
}

async function point(selector, x, y) {
  const at = await page.evaluate(`(() => { const box = document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect(); return [box.left + ${x} * box.width, box.top + ${y} * box.height]; })()`);
  await page.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x: at[0], y: at[1] });
}

async function printed() {
  await page.send('Emulation.setEmulatedMedia', { media: 'print', features: [{ name: 'prefers-color-scheme', value: 'dark' }] });
  expect('all stories are printed, in black', (await page.evaluate('[...document.querySelectorAll(".story")].every((story) => story.checkVisibility()) && getComputedStyle(document.body).color')) === 'rgb(27, 31, 36)');
  // A4, landscape, 12 mm margins.
  await page.send('Emulation.setDeviceMetricsOverride', { width: 1031, height: 720, deviceScaleFactor: 1, mobile: false });
  await fits('printed', 1031);
  await picture('printed');
  const { data } = await page.send('Page.printToPDF', { preferCSSPageSize: true });
  writeFileSync(join(folder, 'report.pdf'), Buffer.from(data, 'base64'));
  expect('a PDF of it', Buffer.from(data, 'base64').length > 20_000);
}

async function withoutScripts() {
  await page.send('Emulation.setScriptExecutionDisabled', { value: true });
  await screen(1400, 'light');
  await page.send('Emulation.setScriptExecutionDisabled', { value: false });
  expect('without scripts all stories are there', (await page.evaluate('[...document.querySelectorAll(".story")].filter((story) => story.checkVisibility()).length')) === 4);
}

/** Scenes and stories drawn, features by chance, two models trained for a moment. */
async function makeReport() {
  const { writeStorybook } = await load('data/storybook/storybook.js');
  const { prepare } = await load('data/prepare.js');
  const { writeFeatures } = await load('data/features.js');
  const { Random } = await load('core/random.js');
  const { train } = await load('training/run.js');
  const { makeReport: report } = await load('cli/report/make.js');
  const book = join(folder, 'book');
  await writeStorybook(book, { seed: 3, stories: { train: 24, val: 8, test: 0 }, width: 160, height: 120 });
  await prepare({ stories: Object.fromEntries(['train', 'val'].map((split) => [split, join(book, `${split}.story-in-sequence.json`)])), output: folder });
  const ids = readdirSync(join(book, 'photos'), { recursive: true }).filter((name) => name.endsWith('.png') || name.endsWith('.jpg')).map((name) => name.split(/[\\/]/).at(-1).replace(/\.\w+$/, ''));
  const random = new Random('features');
  await writeFeatures(join(folder, 'features.h5'), { ids, embeddings: Float32Array.from({ length: ids.length * 8 }, () => random.between(-1, 1)), info: { cnn: 'onnx', layer: 'vector', weightsSha256: 'ab', preprocessing: {} } });
  const runs = [];
  for (const name of ['attention', 'encoder-decoder']) {
    const config = {
      name, data: { train: join(folder, 'train.h5'), validation: join(folder, 'val.h5'), features: join(folder, 'features.h5') },
      model: { name, photos: { units: 24 }, previous: { units: 24 }, embedding: { size: 16 } },
      optimizer: { learning_rate: 0.02 }, training: { epochs: 6, stories_per_batch: 4, samples: 0 }, runtime: { threads: 1 },
    };
    runs.push((await train({ config, runs: join(folder, 'runs') })).folder);
  }
  const { html: text, notes } = await report({
    runs, title: 'Two tiny runs', photos: [join(book, 'photos')], references: [], features: [], stories: 4, tell: true, published: ['vist-seq2seq'], runtime: { threads: 1 },
  });
  console.log(notes.join('\n'));
  const path = resolve(folder, 'report.html');
  writeFileSync(path, text);
  return path;
}
