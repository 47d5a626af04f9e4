/**
 * The names of all tensors that the nodes of an ONNX model make, in order, read from the protobuf itself: ONNX
 * Runtime tells only the graph's outputs. Field numbers are those of onnx.proto3: model.graph 7, graph.node 1,
 * node.output 2.
 * @throws Error when the bytes are no protobuf
 */
export function tensorNames(model: Uint8Array): string[] {
  const names: string[] = [];
  for (const graph of messages(model, 7)) {
    for (const node of messages(graph, 1)) {
      for (const name of messages(node, 2)) names.push(new TextDecoder().decode(name));
    }
  }
  return names.filter((name) => name !== '');
}

/**
 * Names of the files, beside the model, that hold its weights: those over 2 GiB must lie apart, and some exporters
 * always put them apart. Field numbers: graph.initializer 5, tensor.external_data 13, its key 1 and value 2.
 * @throws Error when the bytes are no protobuf
 */
export function weightFiles(model: Uint8Array): string[] {
  const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
  const names = new Set<string>();
  for (const graph of messages(model, 7)) {
    for (const tensor of messages(graph, 5)) {
      for (const entry of messages(tensor, 13)) {
        if (text([...messages(entry, 1)][0]) === 'location') names.add(text([...messages(entry, 2)][0]));
      }
    }
  }
  return [...names].sort();
}

/** The contents of a message's length-delimited fields with that number. */
function* messages(bytes: Uint8Array, field: number): Generator<Uint8Array> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('the model ends early');
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wireType = tag & 7;
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const length = varint();
      if (at + length > bytes.length) throw new Error('the model ends early');
      if (tag >> 3 === field) yield bytes.subarray(at, at + length);
      at += length;
    } else throw new Error(`wire type ${wireType} is unknown`);
  }
}
