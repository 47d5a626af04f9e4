import { formatCsv } from '../io/csv.ts';
import type { Evaluation, SystemEvaluation } from './evaluate.ts';

/** What each metric's tool prints for a system, and what its texts say about themselves. */
export function formatDetails({ meteor }: Evaluation, system: SystemEvaluation): string {
  const { bleuLine, diversity: d, repetition: r, novelty, unit } = system;
  return [
    `${system.name}:`,
    ...(bleuLine === null ? [] : [`  ${bleuLine}`]),
    ...(system.meteor === null ? [] : [`  ${meteor!.id}`, ...system.meteor.table.split('\n').map((line) => (line === '' ? '' : `    ${line}`))]),
    `  ${d.stories} stories of ${d.wordsPerStory.toFixed(1)} words (deviation ${d.wordsPerStoryDeviation.toFixed(1)}, ${d.shortestStory} to ${d.longestStory}), ${d.wordsPerSentence.toFixed(2)} words a ${unit}`,
    `  ${d.vocabulary} different words; distinct-1 ${d.distinct1.toFixed(4)}, distinct-2 ${d.distinct2.toFixed(4)}; within a story ${d.storyDistinct1.toFixed(3)}, ${d.storyDistinct2.toFixed(3)}; ${typeTokens(d.segmentedTypeTokenRatio)}`,
    `  repeated ${unit}s: ${unit === 'sentence' ? `${percent(d.repeatedInStory)} within their story, ` : ''}${percent(d.repeatedAnywhere)} anywhere; repeated trigrams: ${percent(r.trigrams.interStory)} between stories${unit === 'sentence' ? `, ${percent(r.trigrams.intraStory)} within` : ''}`,
    ...(r.nonRedundancy.score === null ? [] : [`  RoViST-NR ${r.nonRedundancy.score.toFixed(4)}: overlap between sentences ${r.nonRedundancy.interSentence!.toFixed(4)}, within them ${r.nonRedundancy.intraSentence.toFixed(4)}`]),
    ...(novelty === null ? [] : [
      `  copied from ${novelty.trainingStories} training stories: ${percent(novelty.copiedStoryShare)} of stories, ${percent(novelty.copiedSentenceShare)} of ${unit}s; the longest copied run is ${novelty.longestCopiedRun.toFixed(1)} words on average, ${percent(novelty.longestCopiedRunShare)} of the ${unit}`,
    ]),
  ].join('\n');
}

function typeTokens(ratio: number | null): string {
  return ratio === null ? 'fewer than 1,000 words' : `of 1,000 words ${percent(ratio)} are different`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A system's scores of every segment as CSV: segment, protocol, and a column each; what tools call sentence level. */
export function segmentsCsv({ protocol, segments, columns }: Evaluation, { segmentScores }: SystemEvaluation): string {
  return formatCsv(['segment', 'protocol', ...columns], segments.map((segment, i) => ({
    segment, protocol, ...Object.fromEntries(columns.map((column, c) => [column, segmentScores[i]![c]!])),
  })));
}
