import { bleu, BleuCounts } from './bleu.ts';
import type { Bleu } from './bleu.ts';
import { BLEU_LINES } from './bleuline.ts';
import { pairStories } from './pairing.ts';
import type { PairingCounts, PairingOptions, StoryText } from './pairing.ts';
import { PROTOCOLS } from './protocols.ts';
import type { Protocol, ProtocolName } from './protocols.ts';
import { TOKENIZERS } from './tokenizers.ts';

export interface ScoreInput extends PairingOptions {
  readonly hypotheses: readonly StoryText[];
  readonly references: readonly StoryText[];
  readonly protocol: ProtocolName;
}

/** Scores with the protocol that made them: they mean nothing without it. */
export interface StoryScores {
  readonly protocol: ProtocolName;
  /** In points, 0 to 100. */
  readonly bleu: Bleu;
  /** The line that the protocol's tool prints. */
  readonly bleuLine: string;
  readonly counts: PairingCounts;
}

/**
 * Scores stories against human ones.
 * @throws UserError naming the story when hypotheses and references do not fit together, see `pairStories`
 */
export function scoreStories({ hypotheses, references, protocol: name, partial = false }: ScoreInput): StoryScores {
  const protocol: Protocol = PROTOCOLS[name];
  const { segments, counts } = pairStories(hypotheses, references, protocol, { partial });
  const tokens = TOKENIZERS[protocol.tokenizer];
  const sums = new BleuCounts();
  for (const segment of segments) sums.add(tokens(segment.hypothesis), segment.references.map(tokens));
  const score = bleu(sums, protocol.bleu);
  return { protocol: name, bleu: score, bleuLine: BLEU_LINES[protocol.line](score), counts };
}
