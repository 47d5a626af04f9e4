/** One annotation of VIST's story-in-sequence JSON, as the official files nest it. */
export function annotation(story: string | number, order: number | string, text: string, photo: string | number = `p${story}${order}`): object[] {
  return [{
    original_text: `${text} (original)`, text, album_id: null, photo_flickr_id: photo, setting: 'first-2-pick-and-tell',
    worker_id: '', story_id: story, tier: 'story-in-sequence', worker_arranged_photo_order: order, storylet_id: '0',
  }];
}

/** A file of whole stories: five sentences each, `text(story, order)`. */
export function vistFile(stories: readonly string[], text: (story: string, order: number) => string): object {
  return { type: 'vist', images: [], albums: [], annotations: stories.flatMap((story) => [0, 1, 2, 3, 4].map((order) => annotation(story, order, text(story, order)))) };
}

/** Description-in-isolation JSON. */
export function captionFile(captions: readonly (readonly [photo: string, text: string])[]): object {
  return { annotations: captions.map(([photo, text]) => [{ original_text: text, text, photo_flickr_id: photo, tier: 'descriptions-in-isolation' }]) };
}
