import { UserError } from '../core/errors.ts';
import { readDocumentFrequencies, writeDocumentFrequencies } from '../data/documentfrequencies.ts';
import { DocumentFrequencies } from '../evaluation/documentfrequencies.ts';
import type { FrequencyCounts } from '../evaluation/documentfrequencies.ts';
import { referenceFrequencies, repeatedFrequencies, tokensName } from '../evaluation/measurement.ts';
import type { MetricName, MetricResources } from '../evaluation/measurement.ts';
import type { MeteorLanguage } from '../evaluation/meteor/lexicon.ts';
import { meteorWords } from '../evaluation/meteor/meteor.ts';
import type { Segment } from '../evaluation/pairing.ts';
import type { Protocol } from '../evaluation/protocols.ts';
import { readMeteorData } from '../text/meteordata.ts';
import { readWordNetData } from '../text/wordnetdata.ts';

export interface ResourceSources {
  /** A METEOR 1.5 distribution; without it METEOR-lite is computed. */
  readonly meteorData?: string;
  /** Document frequencies for CIDEr; without it those of the references. */
  readonly frequencies?: string;
  /** Where to write those of the references. */
  readonly writeFrequencies?: string;
  /** Called while the paraphrase table is read. */
  readonly onRead?: (done: number, total: number) => void;
}

/**
 * Reads what the metrics need.
 * @param systems the cleaned segments of each: only paraphrases made of their words are kept
 */
export async function readResources(sources: ResourceSources, protocol: Protocol, names: readonly MetricName[], systems: readonly (readonly Segment[])[]): Promise<MetricResources> {
  checkUsed(sources, names);
  const meteor = names.includes('meteor') ? await readLanguage(sources, protocol, systems) : undefined;
  const frequencies = names.includes('cider') ? await frequenciesOf(sources, protocol, systems[0]!) : undefined;
  return { ...(meteor && { meteor }), ...(frequencies && { frequencies }) };
}

function checkUsed({ meteorData, frequencies, writeFrequencies }: ResourceSources, names: readonly MetricName[]): void {
  if (meteorData !== undefined && !names.includes('meteor')) throw new UserError(`--meteor-data ${meteorData} would not be used: meteor is not among the metrics`);
  const file = frequencies ?? writeFrequencies;
  if (file !== undefined && !names.includes('cider')) throw new UserError(`${file}: document frequencies would not be used: cider is not among the metrics`);
  if (frequencies !== undefined && writeFrequencies !== undefined) throw new UserError('document frequencies are read or written, not both; give one of the two options');
}

async function readLanguage({ meteorData, onRead }: ResourceSources, { meteor }: Protocol, systems: readonly (readonly Segment[])[]): Promise<MeteorLanguage> {
  if (meteorData === undefined) return readWordNetData();
  return readMeteorData(meteorData, {
    vocabulary: (prefixes) => {
      const words = new Set<string>();
      const take = (text: string): void => {
        for (const word of meteorWords(text, meteor.normalisation, { prefixes })) words.add(word);
      };
      for (const { hypothesis } of systems.flat()) take(hypothesis);
      for (const { references } of systems[0]!) references.forEach(take);
      return words;
    },
    ...(onRead && { onProgress: onRead }),
  });
}

async function frequenciesOf({ frequencies: path, writeFrequencies }: ResourceSources, protocol: Protocol, segments: readonly Segment[]): Promise<FrequencyCounts> {
  if (path !== undefined) {
    return readDocumentFrequencies(path, (header) => {
      if (header.tokenizer !== null && header.tokenizer !== tokensName(protocol)) {
        throw new UserError(`${path}: counted on ${header.tokenizer} tokens, and this protocol has ${tokensName(protocol)}; count them under this protocol`);
      }
      return new DocumentFrequencies(header);
    });
  }
  if (writeFrequencies === undefined) return repeatedFrequencies(segments, protocol);
  const counted = referenceFrequencies(segments, protocol);
  await writeDocumentFrequencies(writeFrequencies, counted);
  return counted;
}
