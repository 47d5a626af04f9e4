import { describe, expect, test, vi } from 'vitest';
import { chartFigure } from '../../src/report/charts.ts';
import type { Chart } from '../../src/report/charts.ts';
import { learningRateChart, lossChart } from '../../src/report/losschart.ts';
import { readRuns } from '../../src/report/runreading.ts';
import { LOSSES, temporaryFolder, writeRun } from './runfolders.ts';

// Charts take a second to load, more on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const CHART: Chart = {
  title: 'Loss <1>', caption: 'of "runs"', xName: 'epoch', yName: 'nats', xMin: 0,
  series: [{ name: 'a', kind: 'train', run: 0, look: 'line', points: [[1, 3], [2, 2.00049], [4, 1]] }, { name: 'human', run: null, look: 'dashed', points: [[1, 2], [4, 2]] }],
};

describe('a chart', () => {
  test('is two drawings in colours of the style sheet, with nothing for a browser to load or run', async () => {
    const html = await chartFigure('loss', CHART);
    expect(html.match(/<svg /g)).toHaveLength(2);
    expect(html).toMatch(/class="plot wide"[^]*viewBox="0 0 1040 300"[^]*class="plot narrow"[^]*viewBox="0 0 360 250"/);
    expect(html).not.toMatch(/<style|<script|https?:|ecmeta|class="zr|#[0-9a-f]{6}(?!00)/);
    expect(html).toContain('stroke="var(--run-0)"');
    expect(html).toContain('stroke="var(--ink)" stroke-width="2"');
    expect(html).toContain('aria-label="Loss &lt;1&gt;: of &quot;runs&quot;"');
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of html.matchAll(/url\(#([^)]+)\)/g)) expect(ids).toContain(id);
  });

  test('is the same each time', async () => {
    expect(await chartFigure('loss', CHART)).toBe(await chartFigure('loss', CHART));
  });

  test('holds its values, and where they are drawn', async () => {
    const html = await chartFigure('loss', CHART);
    const text = (attribute: string): unknown => JSON.parse(new RegExp(`${attribute}="([^"]*)"`).exec(html)![1]!.replaceAll('&quot;', '"'));
    const { series } = text('data-chart') as { series: { points: [number, number][] }[] };
    expect(series[0]).toEqual({ name: 'a', kind: 'train', run: 0, look: 'line', points: [[1, 3], [2, 2], [4, 1]] });
    // The first point of the first line, in the pixels that the path has.
    const [a, b, c, d] = text('data-axes') as [number, number, number, number];
    const [, x, y] = /<path d="M([\d.]+) ([\d.]+)L[^"]*" fill="none" stroke="var\(--run-0\)"/.exec(html)!;
    expect(Number(x)).toBeCloseTo(a * 1 + b, 0);
    expect(Number(y)).toBeCloseTo(c * 3 + d, 0);
  });
});

describe('losses', () => {
  test('of epochs after each of them, of steps within', async () => {
    const folder = await temporaryFolder();
    const runs = await readRuns([await writeRun(folder, 'a'), await writeRun(folder, 'b', { files: { 'metrics.jsonl': null } })]);
    const chart = lossChart(runs)!;
    expect(chart.series.map(({ name, kind, run }) => `${run} ${name} ${kind}`)).toEqual(['0 a steps', '0 a train', '0 a validation', '1 b train', '1 b validation']);
    expect(chart.series[1]!.points).toEqual(LOSSES.map(([loss], e) => [e + 1, loss]));
    expect(chart.series[0]!.points).toHaveLength(12);
    expect(chart.series[0]!.points[4]![0]).toBe(1.25);
    expect(learningRateChart(runs)!.series).toHaveLength(1);
    expect(learningRateChart(runs)!.series[0]!.points[5]).toEqual([1.5, 0.005]);
  });

  test('of many steps are means of neighbours, weighted by their words; the first ones do not press the rest together', async () => {
    const lines = Array.from({ length: 1280 }, (_, i) => ({ step: i + 1, epoch: 1 + Math.floor(i / 640), loss: i < 10 ? 9 : i % 2 === 0 ? 1 : 2, words: i % 2 === 0 ? 30 : 10 }));
    const run = await writeRun(await temporaryFolder(), 'a', { files: { 'metrics.jsonl': lines.map((line) => `${JSON.stringify(line)}\n`).join('') } });
    const chart = lossChart(await readRuns([run]))!;
    const points = chart.series[0]!.points;
    expect(points.length).toBeLessThanOrEqual(160);
    expect(points.length).toBeGreaterThan(100);
    const even = points.filter((_, i) => i > 20).map(([, y]) => y);
    for (const y of even) expect(y).toBeCloseTo(1.25, 1);
    expect(chart.top).toBeGreaterThan(3);
    expect(chart.top).toBeLessThan(3.5);
    expect(chart.caption).toContain('the first ones above the frame');
  });

  test('are not drawn where there are none', async () => {
    const run = await writeRun(await temporaryFolder(), 'a', { files: { 'metrics.jsonl': null, 'history.csv': null } });
    const runs = await readRuns([run]);
    expect([lossChart(runs), learningRateChart(runs)]).toEqual([undefined, undefined]);
  });
});
