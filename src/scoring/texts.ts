import { UserError } from '../core/errors.ts';
import { matchLines, readHypotheses, readReferences } from '../data/storytexts.ts';
import type { MatchedTexts, TextFile } from '../data/storytexts.ts';
import { readVistChallenge } from '../data/vistchallenge.ts';
import { cleanSegments } from '../evaluation/measurement.ts';
import { countTexts, pairStories } from '../evaluation/pairing.ts';
import type { PairingCounts, PairingOptions, Segment } from '../evaluation/pairing.ts';
import { PROTOCOLS } from '../evaluation/protocols.ts';
import type { Protocol, ProtocolName } from '../evaluation/protocols.ts';

export interface TextSources {
  /** Files of what models wrote: .jsonl, the VIST challenge's .json, or .txt; one a system. */
  readonly hypotheses: readonly string[];
  /** Files of human stories. */
  readonly references: readonly string[];
  /** A vocabulary.json, where references are seen with `<UNK>`. */
  readonly vocabulary?: string;
  /** The VIST challenge's template: the photo sequences that count. */
  readonly template?: string;
  /** Score what there is when references lack a hypothesis; of several systems, what all have. */
  readonly partial?: boolean;
}

/** One system's texts, ready to be measured. */
export interface SystemTexts {
  readonly file: string;
  /** Cleaned as the protocol says; the same segments in the same order for all systems. */
  readonly segments: readonly Segment[];
  readonly counts: PairingCounts;
  /** Segments left out of a partial score because another system lacks them. */
  readonly unshared: number;
  /** The stories as sentences, or as lines where a line cannot be cut into sentences. */
  readonly stories: readonly (readonly string[])[];
  readonly unit: MatchedTexts['unit'];
}

/**
 * Reads hypotheses and references and pairs them.
 * @throws UserError for files that cannot be read or do not fit together
 */
export async function readSystems(sources: TextSources, name: ProtocolName): Promise<SystemTexts[]> {
  const protocol: Protocol = PROTOCOLS[name];
  checkFiles(sources, name, protocol);
  const source = { text: protocol.referenceText, ...(sources.vocabulary !== undefined && { vocabulary: sources.vocabulary }) };
  const references: TextFile[] = [];
  for (const path of sources.references) references.push(await readReferences(path, source));
  const options: PairingOptions = {
    partial: sources.partial ?? false,
    // The challenge's program ignores stories that nobody asked for.
    leaveUnasked: name === 'vist-challenge',
    ...(sources.template !== undefined && { sequences: (await readVistChallenge(sources.template)).stories.map(({ imageIds }) => imageIds) }),
  };
  const systems: PairedFile[] = [];
  for (const file of sources.hypotheses) systems.push(pairFile(file, await readHypotheses(file), references, protocol, options));
  return sameSegments(systems, options.partial === true);
}

interface PairedFile extends Omit<SystemTexts, 'unshared'> {
  /** What each segment is about. */
  readonly keys: readonly string[];
}

function pairFile(file: string, hypotheses: TextFile, references: readonly TextFile[], protocol: Protocol, options: PairingOptions): PairedFile {
  const texts = matchLines(hypotheses, references, protocol.level);
  const { segments, keys, counts } = naming(file, () => pairStories(texts.hypotheses, texts.references, protocol, options));
  return { file, segments: cleanSegments(segments, protocol), keys, counts, stories: texts.hypotheses.map(({ sentences }) => sentences), unit: texts.unit };
}

/** Pairing knows no files: of several systems the one that does not fit is named here. */
function naming<T>(file: string, pair: () => T): T {
  try {
    return pair();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${file}: ${error.message.replace(/^hypotheses: /, '').replace('ask for a partial score', 'give --partial for a partial score')}`);
  }
}

/** Asks for nothing that would be ignored. */
function checkFiles({ hypotheses, references, vocabulary, template }: TextSources, name: ProtocolName, protocol: Protocol): void {
  const texts = references.filter(isText);
  if (texts.length > 1 && protocol.references === 'own story') {
    throw new UserError(`protocol ${name} takes one reference a story; give one .txt, or choose story-multi`);
  }
  const used = references.some((path) => /\.(h5|hdf5)$/i.test(path) || (protocol.referenceText === 'indexed' && !texts.includes(path)));
  if (vocabulary !== undefined && !used) {
    throw new UserError(`--vocabulary ${vocabulary} would not be used: protocol ${name} takes these references as they are; leave it out`);
  }
  if (template !== undefined && protocol.references !== 'photo sequence') {
    throw new UserError(`--template ${template} lists photo sequences, and protocol ${name} goes by ${protocol.references}; leave it out`);
  }
  const [line, story] = [hypotheses.find(isText), hypotheses.find((path) => !isText(path))];
  if (texts.length === references.length && line !== undefined && story !== undefined) {
    throw new UserError(`${line} and ${story}: against plain text nothing tells which line is which story; give references with ids, or all systems as .txt`);
  }
}

function isText(path: string): boolean {
  return path.toLowerCase().endsWith('.txt');
}

/** Tests compare systems segment by segment, so that all need the same ones; they come in the first system's order. */
function sameSegments(systems: readonly PairedFile[], partial: boolean): SystemTexts[] {
  const [first, ...others] = systems;
  if (first === undefined) throw new UserError('there are no hypotheses; give a file, or several');
  const keyed = systems.map(({ segments, keys }) => new Map(keys.map((key, i) => [key, segments[i]!])));
  const common = first.keys.filter((key) => keyed.every((segments) => segments.has(key)));
  const longer = keyed.findIndex(({ size }) => size > common.length);
  if (longer >= 0 && !partial) throw new UserError(lacking(systems, keyed, longer));
  if (common.length === 0) throw new UserError(`${first.file} and ${others[0]!.file} have no story in common; they cannot be compared`);
  requireSameReferences(systems, keyed, common);
  return systems.map(({ keys, ...system }, i) => {
    const segments = common.map((key) => keyed[i]!.get(key)!);
    return { ...system, segments, unshared: keys.length - segments.length, counts: { ...system.counts, ...countTexts(segments) } };
  });
}

/** Plain text references go by the order of each file's stories: in another order a story would be held against another's. */
function requireSameReferences(systems: readonly PairedFile[], keyed: readonly ReadonlyMap<string, Segment>[], common: readonly string[]): void {
  const [first, ...others] = keyed;
  for (const [i, other] of others.entries()) {
    const key = common.find((one) => other.get(one)!.references.join('\n') !== first!.get(one)!.references.join('\n'));
    if (key === undefined) continue;
    throw new UserError(`${systems[i + 1]!.file}: ${other.get(key)!.name} stands at another place than in ${systems[0]!.file}, and plain text references go by places; bring both into one order, or give references with ids`);
  }
}

/** The refusal that names what one system has and another lacks. */
function lacking(systems: readonly PairedFile[], keyed: readonly ReadonlyMap<string, Segment>[], longer: number): string {
  const [key, odd] = [...keyed[longer]!].find(([one]) => !keyed.every((segments) => segments.has(one)))!;
  const without = systems[keyed.findIndex((segments) => !segments.has(key))]!;
  return `${without.file}: has no ${odd.name}, which ${systems[longer]!.file} has; systems are compared on the same stories: give them all, or ask for a partial score of those that all have`;
}
