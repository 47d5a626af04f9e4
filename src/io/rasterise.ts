import sharp from 'sharp';

export interface RasteriseOptions {
  /** Pixels. */
  width: number;
  /** Pixels. */
  height: number;
  /** JPEG quality, 1 to 100. */
  quality: number;
}

/** Draws an SVG and returns it as JPEG bytes. Equal input gives equal bytes with the same version of sharp. */
export async function rasteriseSvg(svg: string, options: RasteriseOptions): Promise<Uint8Array> {
  const { width, height, quality } = options;
  return sharp(Buffer.from(svg))
    .resize(width, height, { fit: 'fill' })
    .flatten({ background: '#ffffff' })
    .jpeg({ quality })
    .toBuffer();
}
