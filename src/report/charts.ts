import { escapeHtml } from './html.ts';

/** A line of a chart. */
export interface ChartSeries {
  /** Of the run, or `human`. */
  readonly name: string;
  /** Such as `validation`, where a run has several lines. */
  readonly kind?: string;
  /** Place of the run, which has a colour of its own; null for human stories. */
  readonly run: number | null;
  readonly look: 'line' | 'dashed' | 'faint';
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Chart {
  readonly title: string;
  /** What the lines are: a sentence or two below the title. */
  readonly caption: string;
  readonly xName: string;
  readonly yName: string;
  readonly series: readonly ChartSeries[];
  /** Draw steps: each point stands for the stretch around it. */
  readonly steps?: boolean;
  /** Where the horizontal axis begins; default: where the values do. */
  readonly xMin?: number;
  /** The vertical axis begins at zero. Default false: where the values begin. */
  readonly fromZero?: boolean;
  /** Values above it are cut off. */
  readonly top?: number;
  /** What a hovered x is called, where its number does not say it. */
  readonly xLabels?: Readonly<Record<string, string>>;
  /** In pixels of the wide drawing; default 300. */
  readonly height?: number;
}

/** Runs of a page have so many different colours; then they begin again. */
export const RUN_COLOURS = 8;

/** The CSS colour of a run, or of human stories. */
export function runColour(run: number | null): string {
  return run === null ? 'var(--ink)' : `var(--run-${run % RUN_COLOURS})`;
}

/** Screens narrower than this get a drawing of their own, so that its letters stay readable. */
const NARROW = { className: 'narrow', width: 360, height: 250 };
const WIDE = { className: 'wide', width: 1040 };

/**
 * A chart as a figure: two drawings, of which a style sheet shows the one that fits, with the values for a script that
 * shows them below a pointer. Drawn by Apache ECharts as SVG, without a browser.
 * @param id different for each chart of a page
 */
export async function chartFigure(id: string, chart: Chart): Promise<string> {
  const echarts = await loadCharts();
  const drawings = [{ ...WIDE, height: chart.height ?? 300 }, NARROW].map(({ className, width, height }) => {
    const { svg, axes } = draw(echarts, chart, width, height, `${id}-${className}`);
    return `<div class="plot ${className}" data-axes="${escapeHtml(JSON.stringify(axes))}">${svg}</div>`;
  });
  return [
    `<figure class="chart" id="${id}" tabindex="0" data-chart="${escapeHtml(JSON.stringify(valuesOf(chart)))}">`,
    `<figcaption><b>${escapeHtml(chart.title)}</b> <span>${escapeHtml(chart.caption)}</span></figcaption>`,
    ...drawings,
    '<div class="tip" role="status" hidden></div>',
    '</figure>',
  ].join('\n');
}

/** What the script shows: series with their points, to four digits that count. */
function valuesOf({ xName, yName, series, xLabels }: Chart): object {
  const short = (value: number): number => Number(value.toPrecision(4));
  return {
    x: xName, y: yName, labels: xLabels ?? {},
    series: series.map(({ name, kind = '', run, look, points }) => ({ name, kind, run: run === null ? null : run % RUN_COLOURS, look, points: points.map(([x, y]) => [short(x), short(y)]) })),
  };
}

type Echarts = Awaited<ReturnType<typeof loadCharts>>;

/** Only when a chart is drawn: it takes most of a second. */
async function loadCharts(): Promise<Pick<typeof import('echarts/core'), 'init'>> {
  const [core, { LineChart }, { GridComponent }, { SVGRenderer }] = await Promise.all([
    import('echarts/core'), import('echarts/charts'), import('echarts/components'), import('echarts/renderers'),
  ]);
  core.use([LineChart, GridComponent, SVGRenderer]);
  return core;
}

/** @returns also how values become pixels: x * axes[0] + axes[1], y * axes[2] + axes[3] */
function draw(echarts: Echarts, chart: Chart, width: number, height: number, id: string): { svg: string; axes: number[] } {
  const drawing = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    drawing.setOption(optionsOf(chart, width));
    const [x0, y0] = drawing.convertToPixel({ xAxisIndex: 0, yAxisIndex: 0 }, [0, 0]) as [number, number];
    const [x1, y1] = drawing.convertToPixel({ xAxisIndex: 0, yAxisIndex: 0 }, [1, 1]) as [number, number];
    const axes = [x1 - x0, x0, y1 - y0, y0].map((value) => Number(value.toPrecision(8)));
    return { svg: tidy(drawing.renderToSVGString(), `${chart.title}: ${chart.caption}`, id), axes };
  } finally {
    drawing.dispose();
  }
}

function optionsOf({ xName, yName, series, steps = false, fromZero = false, top, xMin }: Chart, width: number): Record<string, unknown> {
  const label = { color: 'var(--soft)', fontSize: 12, fontFamily: 'inherit', hideOverlap: true };
  const axis = {
    type: 'value', nameLocation: 'middle', nameTextStyle: { color: 'var(--soft)', fontSize: 12, fontFamily: 'inherit' }, axisLabel: label,
    axisLine: { show: true, lineStyle: { color: 'var(--line)' } }, axisTick: { show: false }, splitLine: { show: true, lineStyle: { color: 'var(--line)', opacity: 0.6 } },
  };
  return {
    animation: false,
    grid: { left: 56, right: 14, top: 10, bottom: 42 },
    xAxis: { ...axis, name: xName, nameGap: 26, min: xMin ?? 'dataMin', max: 'dataMax', splitLine: { show: false }, splitNumber: width > 500 ? 10 : 5, axisLabel: { ...label, showMaxLabel: false } },
    yAxis: { ...axis, name: yName, nameGap: 40, scale: !fromZero, splitNumber: 4, ...(top !== undefined && { max: top, axisLabel: { ...label, showMaxLabel: false } }) },
    series: series.map(({ name, run, look, points }) => ({
      type: 'line', name, data: points.map(([x, y]) => [x, y]), silent: true, emphasis: { disabled: true }, clip: true,
      symbol: 'circle', symbolSize: look === 'faint' ? 0 : 4, showSymbol: look !== 'faint' && !steps && points.length <= 60,
      color: runColour(run), itemStyle: { color: runColour(run) }, ...(steps && { step: 'middle' }),
      lineStyle: { color: runColour(run), width: look === 'faint' ? 1 : 2, type: look === 'dashed' ? 'dashed' : 'solid', opacity: look === 'faint' ? 0.45 : 1 },
    })),
  };
}

/** As part of a page: it fills its place, says what it is, has ids of its own, and nothing for scripts that are not there. */
function tidy(svg: string, label: string, id: string): string {
  return svg
    .replace(/<style\b[^]*?<\/style>/g, '')
    .replace(/ (?:class|ecmeta_\w+|pointer-events|baseProfile|version|xmlns(?::\w+)?)="[^"]*"/g, '')
    .replace(/zr\d+-/g, `${id}-`)
    .replace(/<rect [^>]*fill="none"><\/rect>/, '')
    .replace(/^<svg width="\d+" height="\d+"/, `<svg role="img" aria-label="${escapeHtml(label)}"`)
    .replace(/\n+/g, '\n');
}
