const noTls = "TLS: the server does not speak TLS; is it http:// instead of https://?";

/** Explanations of the error codes of system and TLS libraries, for connections to an API server. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused: nothing listens there",
  ENOTFOUND: "no such host: the name does not resolve",
  EAI_AGAIN: "the host name cannot be resolved at the moment",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to its network",
  ECONNRESET: "the server closed the connection without a response",
  EPIPE: "the server closed the connection without a response",
  ETIMEDOUT: "the connection timed out",
  ENOENT: "no such file",
  EACCES: "permission denied",
  HPE_INVALID_CONSTANT: "the server does not speak HTTP",
  HPE_INVALID_VERSION: "the server does not speak HTTP",
  CERT_HAS_EXPIRED: "TLS: the server's certificate has expired",
  CERT_NOT_YET_VALID: "TLS: the server's certificate is not valid yet; check the clock of this machine",
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority(),
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority(),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority(),
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority(),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority(),
  CERT_SIGNATURE_FAILURE: unknownAuthority(),
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "TLS: the server requires a client certificate",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "TLS: the server does not accept the client certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: "TLS: the client certificate has expired",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "TLS: the server does not know the issuer of the client certificate",
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: "TLS: the client key does not belong to the client certificate",
};

function unknownAuthority(): string {
  return "TLS: the kubeconfig does not name the authority that issued the server's certificate (certificate-authority)";
}

/** Whether the connection failed because of TLS or an untrusted certificate: a retry cannot help. */
export function isTlsError(error: unknown): boolean {
  return explainError(error).startsWith("TLS: ");
}

/** Explains why a connection failed. A library's message is used only where no known code explains it. */
export function explainError(error: unknown): string {
  const { code = "", message = "" } = error as NodeJS.ErrnoException;
  const known = reasons[code];
  if (known !== undefined) return known;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const { reason = "" } = error as { readonly reason?: string };
    return `TLS: the server's certificate is for another name: ${reason.replace(/\.$/, "")} (tls-server-name)`;
  }
  const [, tls] = /SSL routines:[^:]*:([^:]+):/.exec(message) ?? [];
  if (tls === "wrong version number" || tls === "packet length too long") return noTls;
  if (tls !== undefined) return `TLS: ${tls}`;
  if (code.startsWith("ERR_OSSL")) return "TLS: a certificate or key of the kubeconfig cannot be read";
  // Node tries all addresses of a name; each has its own error.
  if (error instanceof AggregateError) return explainError(error.errors[0]);
  return message.split("\n")[0] || code || "unknown error";
}
