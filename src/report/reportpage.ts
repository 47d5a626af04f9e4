import type { Chart } from './charts.ts';
import { chartFigure, RUN_COLOURS, runColour } from './charts.ts';
import type { Comparison } from './comparison.ts';
import { comparisonTable, missingList, settingsTable } from './comparisonhtml.ts';
import { gallery } from './gallery.ts';
import type { GalleryStory } from './gallery.ts';
import { escapeHtml, htmlPage } from './html.ts';
import { learningRateChart, lossChart } from './losschart.ts';
import { REPORT_SCRIPT } from './reportscript.ts';
import { REPORT_STYLE } from './reportstyle.ts';
import type { RunReading } from './runreading.ts';
import { SORT_SCRIPT, TABLE_STYLE } from './tablehtml.ts';
import { lengthChart, wordTables } from './wordsection.ts';
import type { Writer } from './wordsection.ts';

/** Everything that a report shows. */
export interface ReportInput {
  readonly title: string;
  readonly runs: readonly RunReading[];
  readonly comparison: Comparison;
  /** Models that told stories, in the order of the runs, then people. */
  readonly writers: readonly Writer[];
  readonly stories: readonly GalleryStory[];
  /** Where stories are from, and what could not be had. */
  readonly notes: readonly string[];
}

/** Losses and scores of runs and what they tell, as a page of one file. It loads nothing. */
export async function reportPage({ title, runs, comparison, writers, stories, notes }: ReportInput): Promise<string> {
  const [losses, rates, lengths] = [lossChart(runs), learningRateChart(runs), lengthChart(writers)];
  const figure = async (id: string, chart: Chart | undefined): Promise<string> => (chart === undefined ? '' : chartFigure(id, chart));
  const sections = [
    section('runs', 'Runs', comparisonTable(comparison)),
    section('losses', 'Losses', losses === undefined ? '<p>No run has logged a loss.</p>' : [legend(runs), await figure('loss-chart', losses), lossTable(runs), await figure('rate-chart', rates)].join('\n')),
    section('stories', 'Stories', [noteList(notes), stories.length === 0 ? '<p>No run has stories.</p>' : gallery(stories)].join('\n')),
    ...(writers.length === 0 ? [] : [section('words', 'Lengths and words', [await figure('length-chart', lengths), wordTables(writers)].join('\n'))]),
    ...(comparison.settings.length === 0 ? [] : [section('settings', 'Settings that differ', settingsTable(comparison.settings, comparison.runs))]),
    ...(comparison.missing.length === 0 ? [] : [`<section id="missing">${missingList(comparison)}</section>`]),
  ];
  const links = [['runs', 'Runs'], ['losses', 'Losses'], ['stories', 'Stories'], ['words', 'Words'], ['settings', 'Settings'], ['missing', 'Not there']] as const;
  const nav = links.filter(([id]) => sections.some((html) => html.startsWith(`<section id="${id}"`)));
  const body = [
    `<h1>${escapeHtml(title)}</h1>`,
    `<nav aria-label="Parts">${nav.map(([id, name]) => `<a href="#${id}">${name}</a>`).join(' ')}</nav>`,
    '<main>', ...sections, '</main>',
  ].join('\n');
  return htmlPage({ title, body, style: `${TABLE_STYLE}${REPORT_STYLE}`, script: `${SORT_SCRIPT}${REPORT_SCRIPT}` });
}

function section(id: string, title: string, body: string): string {
  return `<section id="${id}"><h2>${escapeHtml(title)}</h2>\n${body}\n</section>`;
}

/** Colours of the runs; a run can be hidden where no other has its colour. */
function legend(runs: readonly RunReading[]): string {
  const items = runs.map(({ name }, run) => {
    const box = runs.length > RUN_COLOURS ? '' : `<input type="checkbox" checked data-run="${run}">`;
    return `<label style="--own:${runColour(run)}">${box}<i></i>${escapeHtml(name)}</label>`;
  });
  return `<fieldset class="colours"><legend>Runs</legend>${items.join('')}</fieldset>`;
}

/** The values of the curves, for who cannot hover. */
function lossTable(runs: readonly RunReading[]): string {
  const trained = runs.filter(({ history }) => history.length > 0);
  if (trained.length === 0) return '';
  const epochs = [...new Set(trained.flatMap(({ history }) => history.map(({ epoch }) => epoch)))].sort((a, b) => a - b);
  const cell = (value: number | undefined): string => `<td class="number">${value === undefined ? '' : value.toFixed(4)}</td>`;
  return [
    '<details><summary>Values of every epoch</summary>',
    '<div class="scroll" tabindex="0" role="region" aria-label="Losses of every epoch"><table class="settings">',
    `<thead><tr><th scope="col">Epoch</th>${trained.map(({ name }) => `<th scope="col" class="number">${escapeHtml(name)}, train</th><th scope="col" class="number">validation</th>`).join('')}</tr></thead>`,
    '<tbody>',
    ...epochs.map((epoch) => `<tr><th scope="row">${epoch + 1}</th>${trained.map(({ history }) => {
      const row = history.find((one) => one.epoch === epoch);
      return cell(row?.loss) + cell(row?.val_loss);
    }).join('')}</tr>`),
    '</tbody></table></div></details>',
  ].join('\n');
}

function noteList(notes: readonly string[]): string {
  return notes.length === 0 ? '' : `<ul class="legend">${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('')}</ul>`;
}
