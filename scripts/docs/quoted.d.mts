export interface Example {
  readonly command: string;
  readonly output: string;
}
export const root: string;
export function documents(): readonly string[];
export function examplesIn(text: string): readonly Example[];
export function run(command: string): string;
export function rewrite(text: string): string;

export interface Picture {
  readonly path: string;
  readonly command: string;
}
export function picturesIn(path: string, text: string): readonly Picture[];
export function draw(picture: Picture): string;

export function samplesIn(text: string): readonly { readonly code: string; readonly output: string | undefined }[];
export function runSample(code: string): string;
