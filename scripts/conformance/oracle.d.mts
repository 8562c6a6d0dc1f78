export function findOracle(options?: {
  readonly tell?: (message: string) => void;
}): { readonly path: string; readonly missing?: undefined } | { readonly path?: undefined; readonly missing: string };
export function whyNoRendering(): string | undefined;
