// biome-ignore lint/suspicious/noControlCharactersInRegex: just these are looked for
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** Whether a text could move a terminal's cursor, change its colours or hide text. */
export function hasControls(text: string): boolean {
  return controls.test(text);
}
