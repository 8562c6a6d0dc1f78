export interface Example {
  readonly command: string;
  readonly output: string;
}
export const root: string;
export function documents(): readonly string[];
export function examplesIn(text: string): readonly Example[];
export function run(command: string): string;
export function rewrite(text: string): string;
export const picture: { readonly path: string; readonly draw: () => string };
