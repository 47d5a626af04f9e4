/** A drawn subject in two layers; feet on y = 0, head near y = -100. */
export interface Figure {
  readonly back: string;
  readonly head: string;
  /** Where the main character's scarf goes. */
  readonly neck: { readonly x?: number; readonly y: number; readonly width: number };
  /** The scarf goes behind the head (a trunk hangs over it); otherwise in front of all. */
  readonly under?: boolean;
}
