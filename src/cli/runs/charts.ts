import type { Chart } from '../../report/charts.ts';
import { chartFigure } from '../../report/charts.ts';
import { htmlPage } from '../../report/html.ts';
import { learningRateChart, lossChart } from '../../report/losschart.ts';
import { REPORT_SCRIPT } from '../../report/reportscript.ts';
import { REPORT_STYLE } from '../../report/reportstyle.ts';
import { readRuns } from '../../report/runreading.ts';
import { TABLE_STYLE } from '../../report/tablehtml.ts';

/** The curves of one run as a page that needs no other file: what MLflow shows of it. */
export async function drawCharts(folder: string): Promise<string> {
  const runs = await readRuns([folder]);
  const charts: readonly (readonly [id: string, chart: Chart | undefined])[] = [['loss-chart', lossChart(runs)], ['rate-chart', learningRateChart(runs)]];
  const figures: string[] = [];
  for (const [id, chart] of charts) if (chart !== undefined) figures.push(await chartFigure(id, chart));
  return htmlPage({ title: runs[0]!.name, body: `<main>\n${figures.join('\n')}\n</main>`, style: `${TABLE_STYLE}${REPORT_STYLE}`, script: REPORT_SCRIPT });
}
