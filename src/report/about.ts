import type { SourcePlace } from "../diff/traffic-diff.ts";

/** What a report says about itself. */
export interface About {
  /** Of Portolan. */
  readonly version: string;
  /** `portolan diff base.yaml head.yaml` */
  readonly commandLine: string;
  /** Only where it was asked for: without it, the same input gives the same report. */
  readonly date: string | undefined;
  /** Where the files of the repository are shown: lines of them become links. */
  readonly linkBase: string | undefined;
}

/** `portolan 1.4.0`, `portolan 1.4.0 on 2026-11-29` */
export function writerText({ version, date }: About): string {
  return `portolan ${version}${date === undefined ? "" : ` on ${date}`}`;
}

/** The path of a file in its repository: a side such as `git:HEAD` is no part of it. */
export function repositoryPath(file: string): string {
  return file.replace(/^git:[^:]*:/, "").replace(/^(?:\.\/)+/, "");
}

/** The address of a line, as GitHub and GitLab write it; undefined without a base, and for what is no file. */
export function lineUrl({ file, line }: SourcePlace, linkBase: string | undefined): string | undefined {
  const path = repositoryPath(file);
  const isFile = !path.startsWith("/") && !path.startsWith("..") && /\.(?:ya?ml|json)$/.test(path);
  if (linkBase === undefined || !isFile) return undefined;
  return `${linkBase.replace(/\/+$/, "")}/${path.split("/").map(encodeURIComponent).join("/")}#L${line}`;
}
