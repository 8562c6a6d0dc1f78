import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { type ControlPlane, startControlPlane } from "../../scripts/cluster/control-plane.mjs";
import { fillShop } from "./shop.ts";

/** A folder, and in it, from before the tests of a suite until after them, a control plane that holds the shop. */
export function shopPlane(): { readonly folder: string; readonly plane: () => ControlPlane } {
  const folder = mkdtempSync(join(tmpdir(), "portolan-shop-"));
  let plane: ControlPlane | undefined;
  beforeAll(async () => {
    plane = await startControlPlane(folder);
    await fillShop(plane);
  }, 300_000);
  afterAll(async () => {
    await plane?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    plane: () => {
      if (plane === undefined) throw new Error("the control plane has not started");
      return plane;
    },
  };
}
