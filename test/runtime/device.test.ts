import { expect, test } from 'vitest';
import { messageOf, UserError } from '../../src/core/errors.ts';
import { deviceRefusal } from '../support/device.ts';

const cuda = await deviceRefusal('cuda');
const webgpu = await deviceRefusal('webgpu');

test.skipIf(!cuda)('--device cuda without its libraries is refused in one line that says what to do', () => {
  expect(cuda).toBeInstanceOf(UserError);
  expect(messageOf(cuda)).toBe("--device cuda cannot be used here: ONNX Runtime's CUDA libraries do not load; with an NVIDIA GPU, CUDA 12 and cuDNN 9 on Linux, "
    + 'run ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node --ignore-scripts=false, or use --device cpu');
});

test.skipIf(!webgpu)('--device webgpu without a GPU is refused in one line that says what to do', () => {
  expect(webgpu).toBeInstanceOf(UserError);
  expect(messageOf(webgpu)).toBe('--device webgpu cannot be used here: no GPU adapter was found; install a Vulkan driver for the GPU (Linux) '
    + 'or update its driver, or use --device cpu');
});

test('the cpu still works after a device was refused', async () => {
  expect(await deviceRefusal('cpu')).toBeUndefined();
});
