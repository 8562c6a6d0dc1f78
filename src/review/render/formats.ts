/** What `diff` prints, by the name that -o and --report take. */
export const diffFormats = ["text", "brief", "unified", "markdown", "html", "json", "github"] as const;

export type DiffFormat = (typeof diffFormats)[number];

/** How far down a report goes: what happens to packets; to which Service; by which rules. */
export const diffDetails = ["traffic", "services", "rules"] as const;

export type DiffDetail = (typeof diffDetails)[number];
