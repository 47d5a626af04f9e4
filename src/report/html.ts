const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** A text as HTML that shows it, between tags or in a quoted attribute. Control characters, which HTML forbids, become spaces. */
export function escapeHtml(text: string): string {
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, ' ').replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/**
 * A page of one file: it loads nothing, and its policy forbids browsers to. Light, dark as the reader's system is, narrow, and printed in black.
 * @param title as text
 * @param body as HTML
 * @param style CSS after that of all pages
 * @param photos where they may come from: the page itself, or files beside it too
 */
export function htmlPage({ title, body, style = '', script = '', photos = 'inside' }: { title: string; body: string; style?: string; script?: string; photos?: 'inside' | 'beside' }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:${photos === 'beside' ? " 'self' file:" : ''}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
${PAGE_STYLE}${style}</style>
</head>
<body>
${body}
${script === '' ? '' : `<script>\n${script}</script>\n`}</body>
</html>
`;
}

const PAGE_STYLE = `:root { color-scheme: light; --paper: #fff; --ink: #1b1f24; --soft: #5b6470; --line: #d6dbe1; --tint: #f4f6f8; --accent: #0b5cad; --mark: #e3effb; }
@media screen and (prefers-color-scheme: dark) {
  :root { color-scheme: dark; --paper: #14171b; --ink: #e4e8ed; --soft: #9aa5b1; --line: #353c45; --tint: #1d2228; --accent: #7db8f5; --mark: #1c3550; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem clamp(0.75rem, 3vw, 2.5rem) 3rem; max-width: 90rem; background: var(--paper); color: var(--ink); font: 16px/1.45 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.2; }
@page { size: landscape; margin: 12mm; }
@media print {
  body { padding: 0; max-width: none; font-size: 9pt; }
}
`;
