/** A file of manifests as text; scripts/web/build.mjs puts it into the bundle. */
declare module "*.yaml" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: the bundler makes it one
  export default text;
}
