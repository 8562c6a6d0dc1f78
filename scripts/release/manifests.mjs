// The manifests by which package managers find a release. Both install the same archive, which needs Node.

/** Homebrew: a formula for a tap of one's own. */
export function formula({ version, description, programs, url, sha256 }) {
  return `class Portolan < Formula
  desc "${description}"
  homepage "${url.slice(0, url.lastIndexOf("/"))}"
  url "${url}"
  version "${version}"
  sha256 "${sha256}"
  license "Apache-2.0"

  depends_on "node"

  def install
    libexec.install Dir["*"]
    bin.install_symlink ${programs.map((name) => `libexec/"${name}"`).join(", ")}
    man1.install_symlink libexec/"portolan.1"
  end

  test do
    assert_match "portolan #{version}", shell_output("#{bin}/portolan --version")
  end
end
`;
}

/** krew: kubectl's plugin manager. */
export function krewManifest({ version, description, programs, url, sha256 }) {
  return `apiVersion: krew.googlecontainertools.github.com/v1alpha2
kind: Plugin
metadata:
  name: portolan
spec:
  version: v${version}
  homepage: ${url.slice(0, url.lastIndexOf("/"))}
  shortDescription: Show what a Service does on a node
  description: |
    ${description}.
    It reads manifests, the cluster of the current context, or dumps of nodes.
  caveats: |
    Needs Node.js 20.19 or later as node.
    kubectl completes arguments of the plugin with kubectl_complete-portolan on the PATH:
      ln -s "$(dirname "$(readlink -f "$(command -v kubectl-portolan)")")/kubectl_complete-portolan" ~/.krew/bin/
  platforms:
    - selector:
        matchExpressions:
          - { key: os, operator: In, values: [linux, darwin] }
      uri: ${url}
      sha256: ${sha256}
      bin: kubectl-portolan
      files:
        # ${programs.join(", ")}, of which krew links bin alone.
        - { from: "*", to: "." }
`;
}
