import type { FileRange, PacketQuestion, TextFile } from "../protocol.ts";
import type { Client } from "./client.ts";
import { byId } from "./dom.ts";
import { examples } from "./examples.ts";
import type { Page } from "./page.ts";
import { longestLink, type PageState, shownFiles, toHash } from "./state.ts";

/** What a user can do to the page, from any of its parts. */
export interface Commands {
  readonly showState: (state: PageState) => void;
  readonly setFiles: (files: readonly TextFile[]) => void;
  readonly editText: (text: string) => void;
  readonly addFiles: (added: readonly TextFile[]) => void;
  readonly propose: () => void;
  readonly sendPacket: (packet: Partial<PacketQuestion>) => void;
  readonly selectService: (name: string) => void;
  readonly openPlace: (place: FileRange) => void;
  readonly share: () => Promise<void>;
  readonly redact: () => Promise<void>;
}

/** The commands; `focusAt` moves the cursor of the editor, once the file is shown. */
export function createCommands(page: Page, client: Client, focusAt: (place: FileRange) => void): Commands {
  const setFiles: Commands["setFiles"] = (files) => {
    const { state, open } = page.shown();
    page.show({ open: Math.max(0, Math.min(open, files.length - 1)) });
    page.change(state.side === "now" ? { files } : { proposed: files });
  };
  const sendPacket: Commands["sendPacket"] = (part) => {
    const { packet } = page.shown();
    page.change({ packet: { from: "internet", to: "", ...packet, ...part } });
  };
  return {
    setFiles,
    sendPacket,
    showState: (state) => {
      page.show({ open: 0 });
      page.change(state);
    },
    editText: (text) => {
      const { state, open } = page.shown();
      setFiles(shownFiles(state).map((file, index) => (index === open ? { ...file, text } : file)));
    },
    addFiles: (added) => {
      if (added.length === 0) return announce("There is no text in these files.");
      const files = shownFiles(page.shown().state);
      const isExample = examples.some(({ state }) => state.files === files);
      const isKept = ({ name, text }: TextFile): boolean =>
        !isExample && text.trim() !== "" && !added.some((one) => one.name === name);
      const kept = files.filter(isKept);
      setFiles([...kept, ...added]);
      page.show({ open: kept.length });
    },
    propose: () => {
      const { state } = page.shown();
      page.change({ side: "proposed", proposed: state.proposed ?? state.files });
    },
    selectService: (name) => {
      const port = page.shown().analysis?.picture.services.find((one) => one.name === name)?.ports[0];
      if (port !== undefined) sendPacket({ to: `svc/${name}:${port.name}` });
    },
    openPlace: (place) => {
      const open = shownFiles(page.shown().state).findIndex(({ name }) => name === place.file);
      if (open < 0) return;
      page.show({ open });
      setTimeout(() => focusAt(place));
    },
    share: () => share(page.shown().state),
    redact: () => redact(page, client),
  };
}

async function share(state: PageState): Promise<void> {
  if (toHash(state).length > longestLink)
    return announce("The state is too large for a link. Save the manifests instead.");
  try {
    await navigator.clipboard.writeText(location.href);
    announce("The link is copied. It holds the whole state.");
  } catch {
    announce("Copy the address of this page. It holds the whole state.");
  }
}

async function redact(page: Page, client: Client): Promise<void> {
  const { state } = page.shown();
  const files = await client.ask({ kind: "redact", files: shownFiles(state), settings: state.settings });
  if (files.length === 0) return announce("There is nothing to redact, or it has errors.");
  page.show({ open: 0 });
  page.change({ files, proposed: undefined, side: "now", packet: undefined });
  announce("Names and addresses are replaced.");
}

/** Says something in a corner of the page, and to screen readers. */
export function announce(text: string): void {
  const announcer = byId("announcer");
  announcer.textContent = text;
  announcer.classList.add("is-shown");
  setTimeout(() => announcer.classList.remove("is-shown"), 4000);
}

/** Keeps the state in the address, for reloading and sharing. */
export function keepInLink(state: PageState): void {
  const hash = toHash(state);
  history.replaceState(null, "", hash.length <= longestLink ? `#${hash}` : location.pathname);
}
