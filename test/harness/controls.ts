const hidden = new RegExp(
  [
    "[\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f", // C0 but for line ends, DEL, C1
    "\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f", // soft hyphen, fillers, Arabic mark
    "\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f", // zero width, separators, bidirectional
    "\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}]", // the rest that nothing draws
  ].join(""),
  "u",
);

/** Whether a text could move a terminal's cursor, change its colours or hide text. */
export function hasControls(text: string): boolean {
  return hidden.test(text);
}

/** A character of each kind that no output may hold, between letters. */
export const hostileCharacters = {
  "C0, escape": "a\u001b[31mb",
  "C0, bell": "a\u0007b",
  "C0, carriage return": "a\rb",
  DEL: "a\u007fb",
  C1: "a\u009b31mb",
  "a bidirectional override": "a\u202eb",
  "a bidirectional isolate": "a\u2066b",
  "a bidirectional mark": "a\u200fb",
  "the Arabic letter mark": "a\u061cb",
  "a zero-width space": "a\u200bb",
  "a zero-width joiner": "a\u200db",
  "a word joiner": "a\u2060b",
  "a byte order mark": "a\ufeffb",
  "a line separator": "a\u2028b",
  "a paragraph separator": "a\u2029b",
  "a soft hyphen": "a\u00adb",
  "a filler": "a\u3164b",
  "a tag": "a\u{e0041}b",
} as const;
