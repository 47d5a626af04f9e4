/** Payloads from this size on are kept by reference until `finish`; smaller ones are cheaper to copy at once. */
const LARGE = 4096;

/**
 * Writes the protobuf wire format: just what an ONNX model needs. A nested message is handed to its parent as a list of
 * pieces, so that the weights of a model are copied once, at `finish`, and must not change before.
 */
export class ProtobufWriter {
  /** Finished pieces, in order; what is being written follows them. */
  #pieces: Uint8Array[] = [];
  #piecesLength = 0;
  #bytes = new Uint8Array(64);
  #length = 0;

  varint(field: number, value: number | bigint): this {
    this.#tag(field, 0);
    this.#varint(value);
    return this;
  }

  float(field: number, value: number): this {
    this.#tag(field, 5);
    this.#raw(new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, 2);
    this.#varint(value.length);
    if (value.length < LARGE) this.#raw(value);
    else this.#add(value);
    return this;
  }

  message(field: number, fill: (writer: ProtobufWriter) => void): this {
    const inner = new ProtobufWriter();
    fill(inner);
    return this.#nested(field, inner);
  }

  packedVarints(field: number, values: readonly number[]): this {
    const inner = new ProtobufWriter();
    for (const value of values) inner.#varint(value);
    return this.#nested(field, inner);
  }

  finish(): Uint8Array {
    if (this.#pieces.length === 0) return this.#bytes.subarray(0, this.#length);
    this.#close();
    const whole = new Uint8Array(this.#piecesLength);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  #nested(field: number, inner: ProtobufWriter): this {
    this.#tag(field, 2);
    this.#varint(inner.#piecesLength + inner.#length);
    if (inner.#pieces.length === 0 && inner.#length < LARGE) {
      this.#raw(inner.#bytes.subarray(0, inner.#length));
      return this;
    }
    inner.#close();
    for (const piece of inner.#pieces) this.#add(piece);
    return this;
  }

  /** Takes a piece over as it is. */
  #add(piece: Uint8Array): void {
    this.#close();
    this.#pieces.push(piece);
    this.#piecesLength += piece.length;
  }

  /** Makes what is being written a piece. */
  #close(): void {
    if (this.#length === 0) return;
    this.#pieces.push(this.#bytes.subarray(0, this.#length));
    this.#piecesLength += this.#length;
    this.#bytes = new Uint8Array(64);
    this.#length = 0;
  }

  #tag(field: number, wireType: number): void {
    this.#varint((field << 3) | wireType);
  }

  #varint(value: number | bigint): void {
    this.#reserve(10);
    // Negative numbers are written as their two's complement in 64 bits.
    if (typeof value === 'bigint' || value < 0) return this.#bigVarint(BigInt.asUintN(64, BigInt(value)));
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  #bigVarint(value: bigint): void {
    let rest = value;
    while (rest > 127n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(extra: number): void {
    if (this.#length + extra <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + extra));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
