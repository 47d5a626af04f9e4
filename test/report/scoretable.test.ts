import { describe, expect, test } from 'vitest';
import { ShapeError, UserError } from '../../src/core/errors.ts';
import type { ComparedColumn } from '../../src/evaluation/significance.ts';
import { formatCsv, parseCsv } from '../../src/io/csv.ts';
import { comparedCells, formatInterval, formatP, formatValue, scoreTable } from '../../src/report/scoretable.ts';
import type { ScoreTableInput, TableRow } from '../../src/report/scoretable.ts';
import { scoreRecords, scoreTableJson } from '../../src/report/scoretabledata.ts';
import { scoreTableHtml } from '../../src/report/scoretablehtml.ts';
import { displayWidth } from '../../src/report/terminal.ts';
import { formatScoreTable } from '../../src/report/scoretabletext.ts';

const STORY_MULTI = { name: 'story-multi', description: 'whole stories, every human story of the same photos as a reference' };
const SINGLE = { name: 'single-reference', description: 'whole stories, one reference' };
const METEOR = { head: 'METEOR', direction: 'higher' } as const;
const REPEATED = { head: 'Repeated', direction: 'lower', digits: 3 } as const;
const SIGNIFICANCE = { test: 'paired-ar', alpha: 0.05, confidence: 0.95, resamples: 1000, trials: 10_000, seed: 12345 } as const;

const row = (system: string, value: number, extra: Partial<TableRow> = {}): TableRow => ({
  system, protocol: STORY_MULTI, ...extra,
  cells: extra.cells ?? [{ value, interval: { low: value - 0.31, high: value + 0.4 } }, { value: value / 100 }],
});

const INPUT: ScoreTableInput = {
  columns: [METEOR, REPEATED],
  rows: [
    row('run-a', 26.187, { file: 'runs/a/stories.jsonl' }),
    row('run-b', 0, { cells: [{ value: 23.505, interval: { low: 23.2, high: 23.8 }, p: 0.0001 }, { value: null }] }),
    row('run-c', 0, { cells: [{ value: 27.5, interval: { low: 27, high: 28 }, p: 0.0314, best: true }, { value: 0.1 }] }),
  ],
  settings: [['References', 'val.json']],
  significance: { ...SIGNIFICANCE, baseline: 'run-a' },
};
const many = (count: number): ScoreTableInput => ({
  columns: Array.from({ length: count }, (_, i) => ({ head: `Metric-${i}`, direction: 'higher' })),
  rows: [row('a', 0, { cells: Array.from({ length: count }, (_, i) => ({ value: i, interval: { low: i, high: i + 100 } })) })],
});
const mixed = (): ScoreTableInput => ({ ...INPUT, rows: [row('run-a', 26), row('run-b', 30, { protocol: SINGLE })], mixed: true });

test('the terminal\'s table, to the character', () => {
  expect(formatScoreTable(scoreTable(INPUT))).toBe(`Protocol story-multi:
  whole stories, every human story of the same photos as a reference
  References: val.json
  run-a: runs/a/stories.jsonl

System         METEOR ↑   Repeated ↓
run-a             26.19        0.262
  baseline  25.88-26.59
run-b             23.50            -
            23.20-23.80
              p < 0.001
run-c             27.50*       0.100
            27.00-28.00
              p = 0.031

* best of its column, and significantly better than every other system (p < 0.05 after Holm's
  correction; paired approximate randomisation, 10000 trials, seed 12345)
low-high: 95 % interval of the score (percentile bootstrap, 1000 resamples, seed 12345)
p: of the difference from run-a, one test by itself (paired approximate randomisation, 10000 trials,
   seed 12345)`);
});

describe('protocols', () => {
  test('two of them do not stand in one table unless asked for', () => {
    expect(() => scoreTable({ ...mixed(), mixed: false })).toThrow(new UserError('run-a was scored under protocol story-multi, run-b under single-reference: such scores do not compare; score both alike, or ask for a mixed table'));
    const changed = { ...STORY_MULTI, description: 'without METEOR data' };
    expect(() => scoreTable({ ...INPUT, rows: [row('a', 1), row('b', 2), row('c', 3, { protocol: changed })] }))
      .toThrow(new UserError('a and c were both scored under story-multi, but not alike (whole stories, every human story of the same photos as a reference; without METEOR data): such scores do not compare; score both alike, or ask for a mixed table'));
    expect(scoreTable({ ...INPUT, mixed: true }).protocols).toEqual([STORY_MULTI]);
  });

  test('each row of a mixed table shows its own, in every rendering', () => {
    const table = scoreTable(mixed());
    expect(table.protocols).toEqual([STORY_MULTI, SINGLE]);
    const text = formatScoreTable(table);
    expect(text).toContain('Protocol story-multi:\n  whole stories, every');
    expect(text).toMatch(/run-a .*\n {2}baseline .*\n {2}story-multi\nrun-b .*\n {2}single-reference/);
    expect(scoreRecords(table).rows.map(({ protocol }) => protocol)).toEqual(['story-multi', 'single-reference']);
    expect(scoreTableJson(table).systems.map(({ protocol }) => protocol)).toEqual([STORY_MULTI, SINGLE]);
    expect(scoreTableHtml(table)).toMatch(/>run-a<small>baseline<\/small><small>story-multi<\/small><\/th>[^]*>run-b<small>single-reference<\/small><\/th>/);
  });

  test('of one name are told apart', () => {
    const text = formatScoreTable(scoreTable({ ...mixed(), rows: [row('a', 1), row('b', 2, { protocol: { ...STORY_MULTI, description: 'without METEOR data' } })] }));
    expect(text).toContain('Protocol story-multi (2):\n  without METEOR data');
    expect(text).toMatch(/\na .*\n {2}story-multi \(1\) .*\nb .*\n {2}story-multi \(2\) /);
  });

  test('every rendering carries it', () => {
    const table = scoreTable(INPUT);
    const csv = scoreRecords(table);
    for (const rendering of [formatScoreTable(table), scoreTableHtml(table), JSON.stringify(scoreTableJson(table)), formatCsv(csv.columns, csv.rows)]) {
      expect(rendering).toContain('story-multi');
      expect(rendering).toContain(STORY_MULTI.description);
    }
  });
});

describe('in a terminal', () => {
  test('what does not fit goes into further blocks, each with its systems', () => {
    for (const [count, width] of [[9, 100], [3, 40], [30, 80], [1, 40]] as const) {
      const table = scoreTable(many(count));
      const lines = formatScoreTable(table, width).split('\n');
      expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(width);
      const heads = lines.filter((line) => line.startsWith('System'));
      expect(heads.join(' ').match(/Metric-\d+/g)).toEqual(table.columns.map(({ head }) => head));
      expect(lines.filter((line) => line.startsWith('a ')).length).toBe(heads.length);
    }
    expect(formatScoreTable(scoreTable(many(9)), 100).split('\n').filter((line) => line.startsWith('System'))).toHaveLength(2);
  });

  test('names that are long, wide or hostile', () => {
    const names = ['a'.repeat(150), 'attention with the previous sentence and dropout 0.5', '物語モデル', 'e\u0301te\u0301', 'x\u001b[31mred\nline', '🐶 dog'];
    const text = formatScoreTable(scoreTable({ ...INPUT, rows: names.map((name, i) => row(name, 10 + i)) }), 80);
    expect(text).not.toMatch(/\u001b/);
    const lines = text.split('\n');
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(80);
    // The point of each value of the first column stands in the same place.
    const points = names.map((_, i) => lines.find((line) => line.includes(` ${10 + i}.00`))!).map((line) => displayWidth(line.slice(0, line.indexOf('.00'))));
    expect(new Set(points).size).toBe(1);
  });

  test('the legend explains what is there, and no more', () => {
    const bare = formatScoreTable(scoreTable({ columns: [METEOR], rows: [row('a', 0, { cells: [{ value: 5 }] })] }));
    expect(bare.endsWith('\n\nSystem  METEOR ↑\na           5.00')).toBe(true);
    const unmarked = scoreTable({ ...INPUT, rows: [row('a', 1), row('b', 2)], significance: { ...SIGNIFICANCE, confidence: 0.999, test: 'paired-bs' } });
    const text = formatScoreTable(unmarked);
    expect(text).toContain('nothing is marked: in no column is one system significantly better than every other');
    expect(text).toContain('paired bootstrap as sacreBLEU');
    expect(text).toContain('99.9 % interval');
    expect(text).not.toContain('of the difference from');
    expect(formatScoreTable(scoreTable({ ...INPUT, rows: [row('a', 1)] }))).not.toContain('marked');
  });
});

test('numbers for people: digits as the tools round, dashes for none', () => {
  expect(formatValue(6.25, { ...METEOR, digits: 1 })).toBe('6.2');
  expect(formatValue(-0.456, METEOR)).toBe('-0.46');
  expect(formatValue(null, METEOR)).toBe('-');
  expect(formatValue(Number.NaN, METEOR)).toBe('-');
  expect(formatInterval({ low: -1, high: 2 }, METEOR)).toBe('-1.00 to 2.00');
  expect([0.0009, 0.001, 0.0314, 0.5, 1].map(formatP)).toEqual(['p < 0.001', 'p = 0.0010', 'p = 0.031', 'p = 0.50', 'p = 1.00']);
});

test('CSV has the exact numbers, and columns only for what is there', () => {
  const { columns, rows } = scoreRecords(scoreTable(INPUT));
  expect(columns).toEqual(['system', 'file', 'protocol', 'protocol description', 'METEOR', 'METEOR low', 'METEOR high', 'METEOR p', 'METEOR best', 'Repeated']);
  const read = parseCsv(formatCsv(columns, rows), 'scores.csv');
  expect(read[0]).toMatchObject({ system: 'run-a', file: 'runs/a/stories.jsonl', METEOR: '26.187', 'METEOR low': '25.877000000000002', 'METEOR p': '', 'METEOR best': 'false' });
  expect(read[1]).toMatchObject({ 'METEOR p': '0.0001', Repeated: '' });
  expect(read[2]).toMatchObject({ 'METEOR best': 'true', Repeated: '0.1' });
});

test('JSON is a plain object', () => {
  const json = JSON.parse(JSON.stringify(scoreTableJson(scoreTable(INPUT))));
  expect(json).toEqual(scoreTableJson(scoreTable(INPUT)));
  expect(json).toMatchObject({
    protocols: [STORY_MULTI], settings: { References: 'val.json' }, significance: { test: 'paired-ar', seed: 12345, baseline: 'run-a' },
    columns: [{ head: 'METEOR', direction: 'higher' }, { head: 'Repeated', direction: 'lower' }],
  });
  expect(json.systems[2]).toEqual({ system: 'run-c', file: null, protocol: STORY_MULTI, scores: { METEOR: { value: 27.5, low: 27, high: 28, p: 0.0314, best: true }, Repeated: { value: 0.1, best: false } } });
  expect(scoreTableJson(scoreTable({ ...INPUT, rows: [row('a', Number.NaN)] })).systems[0]!.scores['METEOR']!.value).toBeNull();
});

describe('the page', () => {
  test('loads nothing', () => {
    const html = scoreTableHtml(scoreTable(INPUT));
    expect(html).toContain('default-src \'none\'');
    expect(html).not.toMatch(/https?:|\bsrc=|\bhref=|@import|url\(/);
  });

  test('shows names as they are, whatever they hold', () => {
    const nasty = '</td><script>alert("x")</script>&\'\0';
    const html = scoreTableHtml(scoreTable({
      columns: [{ ...METEOR, head: nasty }], settings: [[nasty, nasty]], significance: { ...SIGNIFICANCE, baseline: nasty },
      rows: [row(nasty, 0, { file: `${nasty}.txt`, protocol: { name: nasty, description: nasty }, cells: [{ value: 1, p: 0.5 }] })],
    }), nasty);
    expect(html).not.toContain('alert("x")');
    expect(html).not.toContain('\0');
    expect(html.match(/<script>/g)).toHaveLength(1);
    expect(html.match(/&lt;\/td&gt;&lt;script&gt;alert\(&quot;x&quot;\)&lt;\/script&gt;&amp;&#39; /g)!.length).toBeGreaterThanOrEqual(10);
  });

  test('has values to sort by, bold marks and their meaning', () => {
    const html = scoreTableHtml(scoreTable(INPUT), 'Runs');
    expect(html).toContain('<title>Runs</title>');
    expect(html).toContain('<td class="number best" data-value="27.5"><strong>27.50</strong><small>27.00-28.00</small><small>p = 0.031</small></td>');
    expect(html).toContain('<td class="number">-</td>');
    expect(html.match(/<strong>\d/g)).toHaveLength(1);
    expect(html).toContain('<strong>Bold</strong>: best of its column');
    expect(html).toContain('data-first="descending"><button type="button">METEOR <abbr title="higher is better">');
    expect(html).toContain('data-first="ascending"><button type="button">Repeated <abbr title="lower is better">');
    expect(html).toContain('<dt>run-a</dt><dd>runs/a/stories.jsonl</dd>');
  });
});

test('cells of compared systems', () => {
  const scores = [1, 3].map((score) => ({ score, mean: score, low: score - 1, high: score + 1 }));
  const column = (significant: boolean): ComparedColumn => ({ column: 'm', systems: scores, pairs: [{ first: 0, second: 1, difference: -2, p: 0.02 }], best: { system: 1, runnerUp: 0, p: 0.02, significant } });
  expect(comparedCells([column(true), column(false)], 1, 0)).toEqual([
    { value: 3, interval: { low: 2, high: 4 }, p: 0.02, best: true },
    { value: 3, interval: { low: 2, high: 4 }, p: 0.02 },
  ]);
  expect(comparedCells([column(true)], 0, 0)).toEqual([{ value: 1, interval: { low: 0, high: 2 } }]);
  expect(comparedCells([column(true)], 1)).toEqual([{ value: 3, interval: { low: 2, high: 4 }, best: true }]);
});

test('rows and columns that do not fit together are a mistake in code', () => {
  expect(() => scoreTable({ ...INPUT, rows: [] })).toThrow(ShapeError);
  expect(() => scoreTable({ ...INPUT, columns: [METEOR] })).toThrow(new ShapeError('scoreTable: 2 cells for run-a, 1 columns'));
  expect(() => scoreTable({ ...INPUT, columns: [METEOR, METEOR] })).toThrow(new ShapeError('scoreTable: two columns METEOR'));
});
