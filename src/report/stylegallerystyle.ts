/** Of a gallery of passages, after that of all pages. */
export const STYLE_GALLERY_STYLE = `:root { --kept: #00704f; --rejected: #a3203a; }
@media screen and (prefers-color-scheme: dark) { :root { --kept: #3fd0a0; --rejected: #ff8a9a; } }
body { max-width: 74rem; }
h1 { margin-bottom: 0.6rem; }
[hidden] { display: none !important; }
button, .button, select, .tools input, .pager input { font: inherit; color: inherit; background: var(--tint); border: 1px solid var(--line); border-radius: 5px; padding: 0.3rem 0.7rem; }
button, .button, summary { cursor: pointer; }
button:disabled { opacity: 0.4; cursor: default; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 0.9rem; position: sticky; top: 0; z-index: 2; padding: 0.5rem 0; background: var(--paper); border-bottom: 1px solid var(--line); }
.show { display: flex; flex-wrap: wrap; gap: 0.2rem 0.9rem; margin: 0; padding: 0; border: 0; }
.show legend { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
.show label { display: inline-flex; gap: 0.35rem; align-items: center; }
.show b { font-variant-numeric: tabular-nums; }
.show input { margin: 0; accent-color: var(--accent); }
.find { display: flex; flex: 1 1 9rem; align-items: center; gap: 0.4rem; }
.find input { flex: 1; width: 6rem; min-width: 0; max-width: 20rem; }
.menu { position: relative; margin: 0; }
.menu > summary { color: var(--accent); }
.menu > div { position: absolute; right: 0; z-index: 3; display: grid; gap: 0.5rem; width: max-content; max-width: min(22rem, 92vw); margin-top: 0.4rem; padding: 0.8rem; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; box-shadow: 0 3px 12px #0004; }
.menu button, .button { text-align: left; }
.menu p { margin: 0; color: var(--soft); font-size: 0.85em; }
.button { position: relative; }
.button input { position: absolute; inset: 0; opacity: 0; cursor: pointer; }
.button:focus-within { outline: 2px solid var(--accent); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; margin: 0; }
dt { font-weight: 600; }
dd { margin: 0; color: var(--soft); }
#said { min-height: 1.45em; margin: 0.3rem 0; color: var(--soft); font-size: 0.9em; }
#list { margin: 0; padding: 0; list-style: none; }
#list > li { position: relative; display: grid; grid-template-columns: 17rem minmax(0, 1fr); gap: 0.4rem 1.3rem; margin-bottom: 0.7rem; padding: 0.8rem; border: 1px solid var(--line); border-left: 5px solid var(--line); border-radius: 6px; scroll-margin: 4.5rem 0 1rem; outline-offset: 0; content-visibility: auto; contain-intrinsic-size: auto 15rem; }
#list > li[tabindex="0"] { background: var(--tint); }
#list > [data-choice=kept] { border-left-color: var(--kept); }
#list > [data-choice=rejected] { border-left-color: var(--rejected); }
[data-choice=rejected] :is(.photo, .passage) { opacity: 0.5; }
.dragged { opacity: 0.6; }
#list > .before { box-shadow: 0 -5px 0 -1px var(--accent); }
#list > .after { box-shadow: 0 5px 0 -1px var(--accent); }
.photo { aspect-ratio: 4 / 3; align-self: start; }
.photo img { display: block; width: 100%; height: 100%; object-fit: contain; border-radius: 4px; }
.nophoto { display: grid; place-items: center; height: 100%; padding: 0.5rem; border: 1px dashed var(--line); border-radius: 4px; color: var(--soft); font-size: 0.8em; text-align: center; }
.text { display: flex; flex-direction: column; }
.head { display: flex; flex-wrap: wrap; gap: 0 0.8rem; margin: 0; font-size: 0.85em; }
.head, details li, details p { color: var(--soft); }
.head b { color: var(--ink); font-weight: 600; }
.place { font-variant-numeric: tabular-nums; }
.passage { margin: 0.4rem 0 0.6rem; max-width: 42rem; white-space: pre-line; font: 1.05rem/1.5 Georgia, 'Times New Roman', serif; }
#list summary, .untold summary { color: var(--accent); font-size: 0.85em; }
#list ul { margin: 0.3rem 0 0.5rem; padding-left: 1.2rem; font-size: 0.85em; }
#list details p { margin: 0 0 0.5rem; font-size: 0.85em; }
.do { display: flex; flex-wrap: wrap; gap: 0.4rem; margin-top: auto; padding-top: 0.5rem; }
.do button { background: var(--paper); }
.do [data-do=kept][aria-pressed=true] { background: var(--kept); border-color: var(--kept); color: var(--paper); }
.do [data-do=rejected][aria-pressed=true] { background: var(--rejected); border-color: var(--rejected); color: var(--paper); }
.moves { display: flex; gap: 0.4rem; margin-left: auto; }
.moves button { min-width: 2.4rem; padding: 0.3rem 0.5rem; }
.grip { cursor: grab; touch-action: none; }
.pager { display: flex; flex-wrap: wrap; justify-content: center; align-items: center; gap: 0.8rem; margin: 1rem 0; }
.pager input { width: 4.5rem; }
.untold ul { color: var(--soft); font-size: 0.9em; }
@media screen and (max-width: 44rem) {
  .tools { position: static; gap: 0.5rem; }
  #list > li { grid-template-columns: minmax(0, 1fr); scroll-margin-top: 0.5rem; contain-intrinsic-size: auto 32rem; }
  .photo img { object-position: left; }
  .do button { min-height: 2.6rem; padding: 0.3rem 0.9rem; }
  .do .moves button { min-width: 2.6rem; padding: 0.3rem 0.4rem; }
  .keys { display: none; }
  .menu > div { right: auto; left: 0; }
  .pager button span { display: none; }
}
@media print {
  .tools, #said, .pager, .do, details { display: none !important; }
  #list > li { break-inside: avoid; content-visibility: visible; background: none !important; }
}
`;
