import type { Random } from '../../../core/random.ts';
import type { Weather } from '../world.ts';

/** Colours in the light of the weather. Hue in degrees, saturation and lightness in per cent. */
export interface Palette {
  /** Things of the place: trees, houses, walls. */
  paint(hue: number, saturation: number, lightness: number): string;
  /** What lies open to the sky, white when it snows. */
  ground(hue: number, saturation: number, lightness: number): string;
  /** Who and what the story is about: dimmed less, so that they stand out at night. */
  figure(hue: number, saturation: number, lightness: number): string;
}

type Light = readonly [saturation: number, lightness: number];

const PLACE_LIGHT: Record<Weather, Light> = {
  sunny: [1.05, 1.02], cloudy: [0.75, 0.92], rainy: [0.6, 0.82], snowy: [0.75, 1.02], night: [0.65, 0.45],
  rainbow: [1, 1], indoors: [1, 1],
};

/** How much of a place's light reaches the figures. */
const FIGURE_SHARE = 0.4;

/** A palette whose colours vary a little around those asked for: no two photos have quite the same. */
export function makePalette(random: Random, weather: Weather): Palette {
  const [saturate, lighten] = PLACE_LIGHT[weather];
  const vary = (hue: number, saturation: number, lightness: number, share: number): string => {
    const s = saturation * (1 + (saturate - 1) * share) + random.between(-4, 4);
    const l = lightness * (1 + (lighten - 1) * share) + random.between(-2.5, 2.5);
    return hsl(hue + random.between(-5, 5), saturation === 0 ? 0 : s, l);
  };
  return {
    paint: (hue, saturation, lightness) => vary(hue, saturation, lightness, 1),
    ground: (hue, saturation, lightness) =>
      weather === 'snowy' ? vary(212, 30, 86 + lightness * 0.1, 0) : vary(hue, saturation, lightness, 1),
    figure: (hue, saturation, lightness) => vary(hue, saturation, lightness, FIGURE_SHARE),
  };
}

export function hsl(hue: number, saturation: number, lightness: number): string {
  const clamp = (value: number): number => Math.round(Math.min(100, Math.max(0, value)));
  return `hsl(${Math.round((hue + 360) % 360)},${clamp(saturation)}%,${clamp(lightness)}%)`;
}
