const width = 80;

/** Breaks a text at blanks to 80 columns; every line but the first is indented by `hang`. A long word stays whole. */
export function wrap(text: string, first = "", hang = first): string {
  const lines: string[] = [first];
  let isEmpty = true;
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1] as string;
    if (isEmpty) lines[lines.length - 1] = last + word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(hang + word);
    isEmpty = false;
  }
  return lines.join("\n");
}
