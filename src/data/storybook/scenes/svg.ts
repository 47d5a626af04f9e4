/** A few SVG shapes as strings. Coordinates are picture units: 256 wide, 192 high, y downwards. */

export function ellipse(x: number, y: number, rx: number, ry: number, fill: string, more = ''): string {
  return `<ellipse cx="${short(x)}" cy="${short(y)}" rx="${short(rx)}" ry="${short(ry)}" fill="${fill}" ${more}/>`;
}

export function circle(x: number, y: number, r: number, fill: string, more = ''): string {
  return ellipse(x, y, r, r, fill, more);
}

/** A rectangle with corners rounded by `round`. */
export function rect(x: number, y: number, width: number, height: number, fill: string, round = 0, more = ''): string {
  const size = `width="${short(width)}" height="${short(height)}" rx="${short(round)}"`;
  return `<rect x="${short(x)}" y="${short(y)}" ${size} fill="${fill}" ${more}/>`;
}

export function path(d: string, fill: string, more = ''): string {
  return `<path d="${d}" fill="${fill}" ${more}/>`;
}

/** A line with round ends along path `d`. */
export function line(d: string, stroke: string, width: number, more = ''): string {
  return `<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${short(width)}" stroke-linecap="round" stroke-linejoin="round" ${more}/>`;
}

/** A closed shape through the points. */
export function polygon(points: readonly (readonly [number, number])[], fill: string, more = ''): string {
  return path(`M${points.map(([x, y]) => `${short(x)} ${short(y)}`).join('L')}Z`, fill, more);
}

export function group(transform: string, ...children: string[]): string {
  return `<g transform="${transform}">${children.join('')}</g>`;
}

/** Moved to (x, y), scaled, mirrored if `flip`, turned by `degrees`. */
export function placed(x: number, y: number, scale: number, children: string, flip = false, degrees = 0): string {
  const sideways = flip ? -scale : scale;
  return group(`translate(${short(x)} ${short(y)}) rotate(${short(degrees)}) scale(${sideways.toFixed(3)} ${scale.toFixed(3)})`, children);
}

/** `count` drawings made by `draw(i)`. */
export function repeat(count: number, draw: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => draw(i)).join('');
}

/** A linear gradient from top to bottom, to be filled with `url(#id)`. */
export function gradient(id: string, top: string, bottom: string): string {
  return `<linearGradient id="${id}" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${top}"/><stop offset="1" stop-color="${bottom}"/></linearGradient>`;
}

/** One decimal is a tenth of a pixel: enough, and half the text. */
export function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}
