import type { TellingStyle } from './style.ts';
import { FAIRYTALE } from './styles/fairytale.ts';
import { LOGBOOK } from './styles/logbook.ts';
import { PLAIN } from './styles/plain.ts';

/** The styles that Storybook is told in. */
export const STYLE_NAMES = ['plain', 'fairytale', 'logbook'] as const;
export type StyleName = (typeof STYLE_NAMES)[number];

/** All ways of telling; Storybook's own stories are plain, the others are for books. */
export const STYLES: Readonly<Record<StyleName, TellingStyle>> = { plain: PLAIN, fairytale: FAIRYTALE, logbook: LOGBOOK };
