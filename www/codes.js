// What the code of a Close means, in plain words (RFC 6455 §7.4).

const WORDS = {
  1000: "it was over",
  1001: "the server is going away",
  1002: "a rule of the protocol was broken",
  1003: "this kind of message is not taken there",
  1005: "it was closed, and no code was given",
  1006: "the connection was lost", // this was never on the wire: it is the browser's word for an end without a Close
  1007: "a text was not UTF-8",
  1008: "that is not allowed there",
  1009: "a message was too long",
  1010: "the server lacks an extension",
  1011: "something failed in the server",
  1012: "the server starts again",
  1013: "the server has too much to do",
  1014: "a server behind the server failed",
  1015: "the other side could not prove who it is",
};

// For example `code 1001: the server is going away`. The codes from 3000 on mean what somebody else has agreed on:
// there the reason, if one came, says more.
export function codeInWords(code, reason) {
  if (code in WORDS) return `code ${code}: ${WORDS[code]}`;
  const words = code >= 4000 ? "the application closed it" : code >= 3000 ? "a library closed it" : "it was closed";
  return `code ${code}: ${words}${reason ? ` (${reason})` : ""}`;
}
