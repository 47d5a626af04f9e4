import { RUN_COLOURS } from './charts.ts';

/** Apart for most who see colours differently, and at least 3:1 against the paper; the second of each on dark paper. */
const COLOURS: readonly (readonly [light: string, dark: string])[] = [
  ['#0072b2', '#5ab4f0'], ['#d55e00', '#ff9d57'], ['#00805e', '#3fd0a0'], ['#b5508f', '#f08fca'],
  ['#8a6d00', '#e0c050'], ['#5a6470', '#b4bec9'], ['#6a4c93', '#bfa3f0'], ['#a3203a', '#ff8a9a'],
];

const colours = (scheme: 0 | 1): string => COLOURS.map((pair, i) => `--run-${i}: ${pair[scheme]};`).join(' ');
const hidden = Array.from({ length: RUN_COLOURS }, (_, i) => `.hide-${i} svg :is([stroke="var(--run-${i})"], [fill="var(--run-${i})"]), .hide-${i} .story [data-run="${i}"]`).join(', ');

/** Of a report's page, after that of tables. */
export const REPORT_STYLE = `:root { ${colours(0)} scroll-behavior: smooth; }
@media screen and (prefers-color-scheme: dark) { :root { ${colours(1)} } }
@media (prefers-reduced-motion: reduce) { :root { scroll-behavior: auto; } }
h2 { margin: 2.2rem 0 0.8rem; padding-bottom: 0.25rem; border-bottom: 1px solid var(--line); font-size: 1.2rem; }
h3 { margin: 1.5rem 0 0.6rem; font-size: 1rem; }
h4 { margin: 1rem 0 0.4rem; font-size: 0.95rem; }
h3 small, .pager small { color: var(--soft); font-weight: normal; }
nav { display: flex; flex-wrap: wrap; gap: 0.25rem 1.1rem; }
a { color: var(--accent); }
section { scroll-margin-top: 0.5rem; }
${hidden} { display: none; }
.colours { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; margin: 0 0 0.6rem; padding: 0; border: 0; }
.colours legend { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
.colours label { display: inline-flex; align-items: center; gap: 0.4rem; }
.colours i { flex: none; width: 1.4rem; height: 0; border-top: 3px solid var(--own); }
.colours input { accent-color: var(--own); margin: 0; }
.chart, .attention { position: relative; margin: 0 0 1.2rem; }
.chart:focus-visible, summary:focus-visible, .pager :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.chart figcaption { margin-bottom: 0.3rem; }
.chart figcaption span { color: var(--soft); font-size: 0.9em; }
.plot svg, .attention svg { display: block; width: 100%; height: auto; overflow: visible; }
.plot { max-width: 72rem; touch-action: pan-y; }
.narrow { display: none; }
.cursor { stroke: var(--soft); stroke-width: 1; }
.tip { position: absolute; z-index: 2; max-width: min(22rem, 90vw); padding: 0.35rem 0.55rem; border: 1px solid var(--line); border-radius: 5px; background: var(--paper); box-shadow: 0 2px 8px #0003; font-size: 0.82rem; line-height: 1.35; pointer-events: none; }
.tip div { display: flex; gap: 0.4rem; align-items: baseline; font-variant-numeric: tabular-nums; }
.tip i { flex: none; width: 0.9rem; border-top: 3px solid var(--own); transform: translateY(-0.25em); }
.tip i.dashed { border-top-style: dashed; border-top-width: 2px; }
.tip i.faint { border-top-width: 1px; }
.tip div b { margin-left: auto; padding-left: 0.6rem; white-space: nowrap; }
details { margin: 0 0 1.2rem; }
summary { cursor: pointer; color: var(--accent); }
details .scroll { margin-top: 0.5rem; max-height: 24rem; overflow-y: auto; }
.pager { display: flex; flex-wrap: wrap; align-items: center; gap: 0.6rem; position: sticky; top: 0; z-index: 1; margin-top: 0.6rem; padding: 0.5rem 0; background: var(--paper); }
.pager[hidden] { display: none; }
.pager button, .pager select { font: inherit; color: inherit; background: var(--tint); border: 1px solid var(--line); border-radius: 5px; padding: 0.3rem 0.7rem; max-width: 55vw; }
.pager button { min-width: 2.8rem; cursor: pointer; }
.pager button:disabled { opacity: 0.4; cursor: default; }
.story h3 { outline: none; }
.told { display: grid; gap: 0; }
.told [role=row] { display: grid; grid-template-columns: 9rem repeat(var(--frames), 1fr); gap: 0.8rem; padding: 0.55rem 0; border-bottom: 1px solid var(--line); }
.told .photos { align-items: end; }
.told .who { font-size: 0.85em; color: var(--soft); }
.telling .who { border-left: 4px solid var(--own); padding-left: 0.5rem; color: var(--ink); font-weight: 600; overflow-wrap: anywhere; }
.human { background: var(--tint); }
.whole { grid-column: 2 / -1; }
.told img { display: block; width: 100%; height: auto; max-height: 14rem; object-fit: contain; border-radius: 4px; background: var(--tint); }
.nophoto { display: grid; place-items: center; aspect-ratio: 4 / 3; border: 1px dashed var(--line); border-radius: 4px; color: var(--soft); font-size: 0.75em; text-align: center; }
.maps > div { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 0.8rem 1.5rem; align-items: start; }
.attention figcaption { color: var(--soft); font-size: 0.85em; }
.attention text { font-size: 11px; fill: var(--ink); }
.attention .field { fill: var(--tint); stroke: var(--line); }
.uses > div { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 0.5rem 2.5rem; }
.use { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.use caption { text-align: left; color: var(--soft); font-size: 0.85em; padding-bottom: 0.2rem; }
.use th, .use td { padding: 0.15rem 0.9rem 0.15rem 0; text-align: left; font-weight: normal; border-top: 1px solid var(--line); }
.use thead th { color: var(--soft); font-size: 0.85em; border-top: 0; }
.use .number { text-align: right; }
.scroll .rate { display: inline; }
@media screen and (max-width: 44rem) {
  .wide { display: none; }
  .narrow { display: block; }
  .told [role=row] { grid-template-columns: repeat(6, 1fr); gap: 0.4rem 0.5rem; counter-reset: photo; }
  .told .who { grid-column: 1 / -1; }
  .photos .who { display: none; }
  .photos > span { position: relative; grid-column: span 2; counter-increment: photo; }
  .photos > span::after { content: counter(photo); position: absolute; left: 0.2rem; top: 0.2rem; min-width: 1.4em; border-radius: 0.7em; background: var(--paper); color: var(--ink); font-size: 0.75rem; text-align: center; }
  .telling [role=cell] { grid-column: 1 / -1; padding-left: 1.7rem; text-indent: -1.3rem; counter-increment: photo; }
  .telling [role=cell]:not(.whole)::before { content: counter(photo) '. '; display: inline-block; width: 1.3rem; text-indent: 0; color: var(--soft); font-size: 0.85em; }
  .pager small { display: none; }
}
@media print {
  nav, .pager, .colours input, details:not([open]), .tip { display: none; }
  .story[hidden] { display: block; }
  .story, .chart, .attention, .use { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
  .told img { max-height: 38mm; }
  .human { background: none; }
  .chart .wide { max-width: 210mm; }
  .maps > div { grid-template-columns: repeat(4, 1fr); }
  * { print-color-adjust: exact; }
}
`;
