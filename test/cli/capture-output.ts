import { vi } from "vitest";

/** Takes what this process prints, until `end`. */
export function captureOutput(): { readonly texts: { stdout: string; stderr: string }; readonly end: () => void } {
  const decoder = new TextDecoder();
  const texts = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((chunk) => {
      texts[stream] += typeof chunk === "string" ? chunk : decoder.decode(chunk);
      return true;
    }),
  );
  const end = (): void => {
    for (const spy of spies) spy.mockRestore();
  };
  return { texts, end };
}
