import { openCommandModerator } from './commandmoderator.ts';
import { openModuleModerator } from './modulemoderator.ts';
import { openWordList } from './wordlist.ts';

/** What a moderator says of a text. */
export interface Review {
  readonly flagged: boolean;
  /** Each in a few words, for the reader; none when nothing is flagged. */
  readonly reasons: readonly string[];
}

/**
 * Decides whether a passage may be shown. Fabula brings none of its own opinion: what is out of place in a nursery, a
 * gallery or a romance differs, and a list that is short enough to ship would promise more than it holds. Public lists
 * with a word or phrase a line load as they are (`openWordList`).
 */
export interface Moderator {
  /** For messages and records. */
  readonly name: string;
  /** Equal for moderators that judge alike, where that can be known; else the name stands for it. */
  readonly fingerprint?: string;
  /** What it says of a passage. */
  review(text: string): Promise<Review>;
}

/** Where moderators come from; each kind may be given several times. */
export interface ModeratorSources {
  /** Files of words and phrases. */
  readonly words?: readonly string[];
  /** ES modules that export `review(text)`. */
  readonly modules?: readonly string[];
  /** Command lines that read the text on standard input. */
  readonly commands?: readonly string[];
  /** Time that a module or command may take for one text. Default 10 s. */
  readonly seconds?: number;
}

/** Opens moderators and puts them together; null when none is named. @throws UserError naming the one that cannot be used */
export async function openModerators({ words = [], modules = [], commands = [], seconds = 10 }: ModeratorSources): Promise<Moderator | null> {
  const opened = [
    ...(await Promise.all(words.map(openWordList))),
    ...(await Promise.all(modules.map((path) => openModuleModerator(path, { seconds })))),
    ...commands.map((command) => openCommandModerator(command, { seconds })),
  ];
  return opened.length === 0 ? null : combineModerators(opened);
}

/** Several as one: asked one after the other, so that a word list spares a service its question; the first that flags a text decides. */
export function combineModerators(moderators: readonly Moderator[]): Moderator {
  if (moderators.length === 1) return moderators[0]!;
  return {
    name: moderators.map(({ name }) => name).join(', '),
    fingerprint: moderators.map(({ name, fingerprint }) => fingerprint ?? name).join(', '),
    async review(text) {
      for (const moderator of moderators) {
        const { flagged, reasons } = await moderator.review(text);
        if (flagged) return { flagged, reasons: reasons.length > 0 ? reasons : [`flagged by ${moderator.name}`] };
      }
      return { flagged: false, reasons: [] };
    },
  };
}
