/** What computes. Apart from the code behind it, so that naming the choices loads nothing. */
export const BACKENDS = ['onnx', 'cpu', 'tensorflow'] as const;
export type Backend = (typeof BACKENDS)[number];

/** Where compiled graphs run. */
export const DEVICES = ['cpu', 'webgpu', 'cuda'] as const;
export type Device = (typeof DEVICES)[number];
