// Bytes as people write them: 81 05 48.

// The bytes that a text means, or { wrong }: what is wrong with it. Spaces may stand anywhere.
export function bytesOf(text) {
  const digits = text.replace(/\s/g, "");
  const [odd] = /[^0-9a-f]/iu.exec(digits) ?? [];
  if (odd !== undefined) return { wrong: `“${odd}” is not a hex digit: those are 0 to 9 and a to f.` };
  if (digits.length % 2 === 1) return { wrong: "The last byte has only one digit: each has two." };
  return { bytes: Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16)) };
}

const SHOWN = 4_096; // bytes; more than that nobody reads

export function hexOf(buffer) {
  const hex = Array.from(new Uint8Array(buffer, 0, Math.min(buffer.byteLength, SHOWN)), (byte) => byte.toString(16).padStart(2, "0"));
  return hex.join(" ") + (buffer.byteLength > SHOWN ? " …" : "");
}

// A message as a text: one of bytes in hex.
export const asText = (data) => (typeof data === "string" ? data : hexOf(data));

// For example `text, 5 bytes`.
export function kindAndLength(data) {
  const isText = typeof data === "string";
  const length = isText ? new TextEncoder().encode(data).length : data.byteLength;
  return `${isText ? "text" : "binary"}, ${length.toLocaleString("en")} ${length === 1 ? "byte" : "bytes"}`;
}
