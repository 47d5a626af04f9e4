import type { FeatureTable } from '../../data/features.ts';
import type { RankScores } from '../../evaluation/retrieval.ts';
import { rankScores, retrievalRanks } from '../../evaluation/retrieval.ts';
import type { ImageSentenceBatch, ImageSentenceOptions } from '../../models/imagesentence.ts';
import type { Runtime } from '../../runtime/jit.ts';
import type { RunFolder } from '../../tracking/runfolder.ts';
import type { NetworkLearner } from '../../training/networklearner.ts';
import type { Vocabulary } from '../../text/vocabulary.ts';
import { JointPrograms } from '../encoders/jointspace.ts';
import type { PhotoCaptions } from './captiondata.ts';

/** Photos that recall is measured on after an epoch, at most. */
const PHOTOS = 1000;

/** Recall both ways on the validation photos, a line each after each epoch. */
export function recallSamples(
  runtime: Runtime, learner: NetworkLearner<ImageSentenceBatch, ImageSentenceOptions>, photos: readonly PhotoCaptions[], features: FeatureTable, vocabulary: Vocabulary, maxWords: number,
): (folder: RunFolder, epoch: number) => Promise<string[]> {
  const { head, arena } = learner;
  const programs = new JointPrograms(runtime, head.model, arena.values, vocabulary, maxWords, false);
  const chosen = photos.slice(0, PHOTOS);
  const captions = chosen.flatMap((photo) => photo.captions);
  const imageOf = chosen.flatMap((photo, i) => photo.captions.map(() => i));
  return async () => {
    const rows = features.rows(chosen.map(({ feature }) => feature));
    const images = { name: 'photos', data: await programs.photos(rows, features.size), rows: chosen.length, width: head.model.units };
    const sentences = { name: 'captions', data: await programs.sentences(captions), rows: captions.length, width: head.model.units };
    const ranks = retrievalRanks(images, sentences, imageOf);
    return [
      describeRecall('photo to captions', rankScores(ranks.imageToSentence), captions.length),
      describeRecall('caption to photos', rankScores(ranks.sentenceToImage), chosen.length),
    ];
  };
}

function describeRecall(way: string, { recall1, recall5, recall10, medianRank }: RankScores, of: number): string {
  return `${way}: R@1 ${recall1.toFixed(1)}  R@5 ${recall5.toFixed(1)}  R@10 ${recall10.toFixed(1)}  median rank ${medianRank} of ${of}`;
}
