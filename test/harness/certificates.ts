import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes certificates with openssl in a directory: an authority of its own, and what it issues. */
export function createAuthority(directory: string): {
  readonly ca: string;
  readonly issue: (name: string, options: { readonly host: string; readonly isExpired?: boolean }) => Certificate;
} {
  const openssl = (...args: readonly string[]): void => {
    execFileSync("openssl", args, { cwd: directory, stdio: "ignore" });
  };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...key, "-subj", "/CN=test-ca", "-days", "2", "-keyout", "ca.key", "-out", "ca.crt");
  writeFileSync(join(directory, "index.txt"), "");
  const read = (file: string): string => readFileSync(join(directory, file), "utf8");
  return {
    ca: read("ca.crt"),
    issue: (name, { host, isExpired = false }) => {
      openssl("req", "-new", ...key, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
      writeFileSync(join(directory, "ca.cnf"), authorityConfig(host));
      const dates = isExpired ? ["-startdate", "20200101000000Z", "-enddate", "20200102000000Z"] : ["-days", "1"];
      openssl("ca", "-batch", "-notext", "-config", "ca.cnf", "-in", `${name}.csr`, "-out", `${name}.crt`, ...dates);
      return { cert: read(`${name}.crt`), key: read(`${name}.key`) };
    },
  };
}

function authorityConfig(host: string): string {
  return `[ca]
default_ca = it
[it]
database = index.txt
new_certs_dir = .
certificate = ca.crt
private_key = ca.key
default_md = sha256
rand_serial = yes
unique_subject = no
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = ${host}
`;
}
