import { KubeConfig } from "@kubernetes/client-node";

/** All that is used of a large library: in a module of its own, so that a bundler leaves out the rest of it. */
export const newKubeConfig = (): KubeConfig => new KubeConfig();
