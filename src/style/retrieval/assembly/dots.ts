// First pass of the search for nearest vectors (AssemblyScript, SIMD, imported memory). Addresses and strides are bytes.

/**
 * Products of rows of int8 codes, [n, stride], with a query of int16 codes, [stride], as int32 [n]. `stride` is a
 * multiple of 16; codes after a row's last are zero. Sums wrap, so that only each result must fit int32.
 */
export function dots(rows: usize, n: i32, stride: i32, query: usize, out: usize): void {
  let row = rows;
  for (let r = 0; r < n; r++) {
    let low = i32x4.splat(0), high = i32x4.splat(0);
    let q = query;
    const end = row + <usize>stride;
    for (; row < end; row += 16, q += 32) {
      const codes = v128.load(row);
      low = i32x4.add(low, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(codes), v128.load(q)));
      high = i32x4.add(high, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(codes), v128.load(q, 16)));
    }
    const sum = i32x4.add(low, high);
    store<i32>(out + (<usize>r << 2), i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) + i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3));
  }
}
