import { formatSeconds } from '../../core/progress.ts';
import { padLeft, plain } from '../../report/terminal.ts';
import { RunFolder } from '../../tracking/runfolder.ts';
import type { RunRecord } from '../../tracking/runrecord.ts';
import { readRun } from '../../tracking/runrecord.ts';
import type { Finding } from '../../training/rescue.ts';
import { inspectRun, rescueRun } from '../../training/rescue.ts';
import { findRun } from './find.ts';

export interface ShowArguments {
  run: string;
  json: boolean;
}

export async function showCommand({ run, json }: ShowArguments): Promise<void> {
  const path = await findRun(run);
  const record = await readRun(path);
  // What a process is writing now looks cut.
  const findings = record.holder === null ? await inspectRun(path) : [];
  const samples = (await new RunFolder(path).readSamples()).at(-1) ?? null;
  if (json) {
    console.log(JSON.stringify({ ...record, samples, findings: findings.map(withoutRepair) }));
    return;
  }
  const lines = [...headLines(record), ...historyLines(record), ...scoreLines(record)];
  if (samples !== null) lines.push('', `told after epoch ${samples.epoch}:`, ...samples.stories.map(({ id, sentences }) => `  ${plain(id)}: ${plain(sentences.join(' '))}`));
  console.log([...lines, ...findingLines(findings, path)].join('\n'));
}

export async function rescueCommand({ run, json }: ShowArguments): Promise<void> {
  const path = await findRun(run);
  const { done, left } = await rescueRun(path);
  if (json) {
    console.log(JSON.stringify({ done: done.map(withoutRepair), left: left.map(withoutRepair) }));
    return;
  }
  if (done.length + left.length === 0) return console.log(`${path}: nothing is missing or cut`);
  const line = ({ file, what, remedy }: Finding): string => `${file}: ${plain(what)}: ${plain(remedy)}`;
  console.log([...done.map(line), ...left.map((finding) => `left as it is: ${line(finding)}`)].join('\n'));
}

function withoutRepair({ file, what, remedy, repair }: Finding): object {
  return { file, what, remedy, can_be_rescued: repair !== undefined };
}

function headLines(record: RunRecord): string[] {
  const { environment: e, config } = record;
  const text = (value: unknown): string | null => (value === undefined || value === null || value === '' ? null : plain(typeof value === 'string' ? value : JSON.stringify(value)));
  const data = config?.['data'] as Record<string, unknown> | undefined;
  const optimizer = config?.['optimizer'] as Record<string, unknown> | undefined;
  const rows: [string, string | null][] = [
    ['kind', record.kind],
    ['status', record.status + (record.holder === null ? '' : `, process ${record.holder.pid} on ${record.holder.host} since ${record.holder.started}`)],
    ['failed', text(record.failed)],
    ['started', record.started],
    ['repeats', text(record.from)],
    ['sweep', text(record.parent)],
    ['model', record.model === null ? null : `${plain(record.model)}${record.parameters === null ? '' : `, ${record.parameters.toLocaleString('en')} parameters`}`],
    ['optimiser', optimizer === undefined ? null : `${text(optimizer['name'])}, learning rate ${text(optimizer['learning_rate'])}`],
    ['seed', text(config?.['seed'])],
    ...Object.entries(data ?? {}).map(([key, value]): [string, string | null] => [`data.${key}`, value === false ? null : text(value)]),
    ['ran on', e === null ? null : [text(e['cpu']), e['threads'] === undefined ? null : `${text(e['threads'])} ${e['threads'] === 1 ? 'thread' : 'threads'}`, text(e['platform'])].filter((part) => part !== null).join(', ')],
    ['with', e === null ? null : `fabula ${text(e['fabula'])}, node ${text(e['node'])}, onnxruntime ${text(e['onnxruntime'])}${e['git_commit'] == null ? '' : `, commit ${String(e['git_commit']).slice(0, 12)}`}`],
    ['command', Array.isArray(e?.['command_line']) ? plain(e['command_line'].join(' ')) : null],
    ['trained', record.kind !== 'train' ? null : `${record.epochs}${record.planned === null ? '' : ` of ${record.planned}`} epochs, ${record.steps ?? '?'} steps${record.seconds === null ? '' : `, ${formatSeconds(record.seconds)}`}`],
    ['best', record.best_epoch === null ? null : `epoch ${record.best_epoch}: loss ${record.loss!.toFixed(4)}, val_loss ${record.val_loss!.toFixed(4)}${record.perplexity === null ? '' : `, perplexity ${record.perplexity.toFixed(2)}`}`],
  ];
  return [record.path, ...rows.flatMap(([name, value]) => (value === null ? [] : [`  ${name.padEnd(16)} ${value}`]))];
}

function historyLines({ history, best_epoch }: RunRecord): string[] {
  if (history.length === 0) return [];
  const row = ({ epoch, loss, val_loss }: RunRecord['history'][number]): string =>
    `  ${padLeft(String(epoch + 1), 5)}  ${loss.toFixed(4).padStart(9)}  ${val_loss.toFixed(4).padStart(9)}${epoch + 1 === best_epoch ? '  best' : ''}`;
  return ['', '  epoch       loss   val_loss', ...history.map(row)];
}

function scoreLines({ scores }: RunRecord): string[] {
  return scores.flatMap(({ file, protocol, scores: columns }) => {
    const cells = Object.entries(columns).map(([column, { value, low, high }]) => `${column} ${value.toFixed(2)}${low == null || high == null ? '' : ` (${low.toFixed(2)} to ${high.toFixed(2)})`}`);
    return ['', `scores/${file}, protocol ${plain(protocol)}:`, `  ${plain(cells.join(', '))}`];
  });
}

function findingLines(findings: readonly Finding[], path: string): string[] {
  if (findings.length === 0) return [];
  const lines = findings.map(({ file, what, remedy }) => `  ${file}: ${plain(what)}: ${plain(remedy)}`);
  const advice = findings.some(({ repair }) => repair) ? [`fabula rescues what it can with: fabula runs rescue ${path}`] : [];
  return ['', 'missing or cut, and what can be saved:', ...lines, ...advice];
}
