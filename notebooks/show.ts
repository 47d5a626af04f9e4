/** What the notebooks draw with: charts, tables and photos as Jupyter shows them. */
import { readFile } from 'node:fs/promises';
import * as echarts from 'echarts';

/** What Jupyter shows: the same thing in several forms, by MIME type. */
export type Shown = Readonly<Record<string, string>>;

/** Shows something now, and others in its place later: for figures that grow. */
export class Live {
  readonly #id = crypto.randomUUID();
  #begun = false;

  async show(shown: Shown): Promise<void> {
    await display(shown, { display_id: this.#id, update: this.#begun });
    this.#begun = true;
  }
}

/** Shows things below the cell, one after the other. */
export async function show(...all: readonly Shown[]): Promise<void> {
  for (const shown of all) await display(shown);
}

/** Text as it is, in lines. */
export function text(lines: string): Shown {
  return { 'text/plain': lines };
}

/** A cell that ends right after it showed something may lose it: Deno 2.9 tells Jupyter of the end first. */
async function display(shown: Shown, place: { display_id?: string; update?: boolean } = {}): Promise<void> {
  await Deno.jupyter.display(shown, { raw: true, ...place });
  await new Promise((resolve) => setTimeout(resolve, 30));
}

/** @param rows texts and numbers; numbers stand to the right */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): Shown {
  const cell = (tag: string, value: string | number): string => `<${tag} style="text-align: ${typeof value === 'number' ? 'right' : 'left'}">${escape(String(value))}</${tag}>`;
  const line = (values: readonly (string | number)[], tag = 'td'): string => `<tr>${values.map((value) => cell(tag, value)).join('')}</tr>`;
  const plain = [head, ...rows].map((row) => row.join(' | ')).join('\n');
  return { 'text/html': `<table>${line(head, 'th')}\n${rows.map((row) => line(row)).join('\n')}</table>`, 'text/plain': plain };
}

/**
 * A chart as a picture.
 * @param says what it shows, in words: for readers without pictures
 * @param option of Apache ECharts
 */
export function chart(says: string, option: echarts.EChartsOption, size: { width?: number; height?: number } = {}): Shown {
  const drawn = echarts.init(null, null, { renderer: 'svg', ssr: true, width: size.width ?? 720, height: size.height ?? 300 });
  drawn.setOption({ animation: false, backgroundColor: '#fff', ...option });
  // The styles that follow only say what happens under a mouse, which a picture does not have.
  const svg = drawn.renderToSVGString().replace(/<style >[\s\S]*?<\/style>/, '');
  drawn.dispose();
  // Counters of the library: the same chart has the same text, whatever was drawn before it.
  return picture(says, svg.replaceAll(/zr\d+-/g, 'zr-').replaceAll(/ (?:class="zr-cls-\d+"|ecmeta_\w+="[^"]*")/g, ''));
}

/** Lines over a common axis of numbers. @param lines [x, y] points of each, by name */
export function lines(says: string, axes: { x: string; y: string }, points: Readonly<Record<string, readonly (readonly [number, number])[]>>): Shown {
  return chart(says, {
    legend: { top: 0, itemGap: 30 },
    grid: { left: 60, right: 20, top: 40, bottom: 45 },
    xAxis: { type: 'value', name: axes.x, nameLocation: 'middle', nameGap: 28, scale: true },
    yAxis: { type: 'value', name: axes.y, nameLocation: 'middle', nameGap: 42, scale: true },
    series: Object.entries(points).map(([name, data]) => ({ name, type: 'line', showSymbol: data.length < 40, data: data.map((point) => [...point]) })),
  });
}

/** One bar a name. */
export function bars(says: string, axes: { x: string; y: string }, heights: readonly (readonly [string, number])[]): Shown {
  return chart(says, {
    grid: { left: 60, right: 20, top: 15, bottom: heights.length > 10 ? 75 : 55 },
    xAxis: { type: 'category', name: axes.x, nameLocation: 'middle', nameGap: heights.length > 10 ? 52 : 30, data: heights.map(([name]) => name), axisLabel: { interval: 0, rotate: heights.length > 10 ? 30 : 0 } },
    yAxis: { type: 'value', name: axes.y, nameLocation: 'middle', nameGap: 42 },
    series: [{ type: 'bar', data: heights.map(([, height]) => height) }],
  });
}

/** Photos of a story in a row, each with its sentence below. @param width of a photo, pixels */
export async function strip(photos: readonly string[], sentences: readonly string[] = [], width = 140): Promise<Shown> {
  const height = Math.round(width * 0.75);
  const wrapped = photos.map((_, i) => wrap(sentences[i] ?? '', Math.floor(width / 7)));
  const lineCount = Math.max(0, ...wrapped.map((text) => text.length));
  const cells = await Promise.all(photos.map(async (file, i) => {
    const x = i * (width + 6);
    const image = `<image x="${x}" width="${width}" height="${height}" href="data:image/jpeg;base64,${(await readFile(file)).toString('base64')}"/>`;
    return image + wrapped[i]!.map((text, l) => `<text x="${x}" y="${height + 14 + 14 * l}">${escape(text)}</text>`).join('');
  }));
  const full = { width: photos.length * (width + 6) - 6, height: height + (lineCount > 0 ? 8 + 14 * lineCount : 0) };
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${full.width}" height="${full.height}" font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>\n${cells.join('\n')}\n</svg>`;
  return picture(sentences.join('\n') || `${photos.length} photos`, svg);
}

/** Words against words, a darker field for a greater share. @param shares [rows][columns], 0 to 1 */
export function shades(says: string, rows: readonly string[], columns: readonly string[], shares: readonly (readonly number[])[]): Shown {
  const [side, left, top] = [24, 90, 80];
  // A field that nobody would see is left out.
  const fields = shares.flatMap((row, r) => row.map((share, c) => share < 0.005 ? '' :
    `<rect x="${left + c * side}" y="${top + r * side}" width="${side - 1}" height="${side - 1}" fill="#0b5cad" fill-opacity="${share.toFixed(3)}"><title>${escape(`${rows[r]}, ${columns[c]}: ${(100 * share).toFixed(0)} %`)}</title></rect>`));
  const rowNames = rows.map((word, r) => `<text x="${left - 6}" y="${top + r * side + 16}" text-anchor="end">${escape(word)}</text>`);
  const columnNames = columns.map((word, c) => `<text transform="translate(${left + c * side + 15},${top - 6}) rotate(-55)">${escape(word)}</text>`);
  const full = { width: left + columns.length * side + 60, height: top + rows.length * side + 4 };
  return picture(says, `<svg xmlns="http://www.w3.org/2000/svg" width="${full.width}" height="${full.height}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>\n${[...rowNames, ...columnNames, ...fields.filter((field) => field !== '')].join('\n')}\n</svg>`);
}

function picture(says: string, svg: string): Shown {
  return { 'image/svg+xml': svg, 'text/plain': says };
}

function wrap(text: string, width: number): string[] {
  const wrapped: string[] = [];
  // A mark stays with its word.
  for (const word of text.split(/ +(?![.,!?;:](?: |$))/).filter((part) => part !== '')) {
    const last = wrapped.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) wrapped[wrapped.length - 1] = `${last} ${word}`;
    else wrapped.push(word);
  }
  return wrapped;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
