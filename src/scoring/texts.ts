import { UserError } from '../core/errors.ts';
import { matchLines, readHypotheses, readReferences } from '../data/storytexts.ts';
import type { MatchedTexts, TextFile } from '../data/storytexts.ts';
import { readVistChallenge } from '../data/vistchallenge.ts';
import { cleanSegments } from '../evaluation/measurement.ts';
import { pairStories } from '../evaluation/pairing.ts';
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
  const systems: SystemTexts[] = [];
  for (const file of sources.hypotheses) systems.push(pairFile(file, await readHypotheses(file), references, protocol, options));
  return sameSegments(systems, options.partial === true);
}

function pairFile(file: string, hypotheses: TextFile, references: readonly TextFile[], protocol: Protocol, options: PairingOptions): SystemTexts {
  const texts = matchLines(hypotheses, references, protocol.level);
  const { segments, counts } = pairStories(texts.hypotheses, texts.references, protocol, options);
  return { file, segments: cleanSegments(segments, protocol), counts, stories: texts.hypotheses.map(({ sentences }) => sentences), unit: texts.unit };
}

/** Asks for nothing that would be ignored. */
function checkFiles({ references, vocabulary, template }: TextSources, name: ProtocolName, protocol: Protocol): void {
  const texts = references.filter((path) => path.toLowerCase().endsWith('.txt'));
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
}

/** Tests compare systems segment by segment, so that all need the same ones; they come in the first system's order. */
function sameSegments(systems: readonly SystemTexts[], partial: boolean): SystemTexts[] {
  const [first, ...others] = systems;
  if (first === undefined) throw new UserError('there are no hypotheses; give a file, or several');
  if (others.length === 0) return [first];
  const named = systems.map(({ segments }) => new Map(segments.map((segment) => [segment.name, segment])));
  const common = first.segments.map(({ name }) => name).filter((name) => named.every((segments) => segments.has(name)));
  const longer = systems.find(({ segments }) => segments.length > common.length);
  if (longer !== undefined && !partial) {
    const odd = longer.segments.find(({ name }) => !named.every((segments) => segments.has(name)))!.name;
    const lacking = systems[named.findIndex((segments) => !segments.has(odd))]!;
    throw new UserError(`${lacking.file}: has no ${odd}, which ${longer.file} has; systems are compared on the same stories: give them all, or ask for a partial score of those that all have`);
  }
  if (common.length === 0) throw new UserError(`${first.file} and ${others[0]!.file} have no story in common; they cannot be compared`);
  return systems.map((system, i) => ({ ...system, segments: common.map((name) => named[i]!.get(name)!) }));
}
