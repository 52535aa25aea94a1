import { ResultCodeError } from "ldapts";

/** What went wrong with a directory, in words for its administrator. Nothing that a person typed is among them. */

/** LDAP results by which a server says no to a password (RFC 4511, appendix A); any other is no answer to it. */
const refusals = new Map([
  [19, "the account is locked or its password must be changed"],
  [32, "there is no such account"],
  [48, "the account has no password"],
  [49, "the password is wrong"],
  [50, "the account may not sign in"],
  [53, "the account may not sign in"],
]);
/** Active Directory says more, in hexadecimal, in the text beside code 49. */
const activeDirectory = new Map([
  ["525", "there is no such account"],
  ["530", "the account may not sign in at this hour"],
  ["531", "the account may not sign in from here"],
  ["532", "the password has expired"],
  ["533", "the account is disabled"],
  ["701", "the account has expired"],
  ["773", "the password must be changed"],
  ["775", "the account is locked"],
]);

export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof ResultCodeError)) return undefined;
  const data = /, data ([0-9a-f]+)/i.exec(error.message)?.[1]?.toLowerCase() ?? "";
  return activeDirectory.get(data) ?? refusals.get(error.code);
}

const problems: Record<string, string> = {
  ABORT_ERR: "no answer in time",
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was cut",
  ENOTFOUND: "no such name",
  EAI_AGAIN: "its name cannot be looked up now",
  EHOSTUNREACH: "no way there",
  ENETUNREACH: "no way there",
  ETIMEDOUT: "no answer in time",
  ERR_TLS_CERT_ALTNAME_INVALID: "the certificate is for another name",
  CERT_HAS_EXPIRED: "the certificate has expired",
  CERT_NOT_YET_VALID: "the certificate is not yet valid",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is signed by itself; give it with --ca-file",
  SELF_SIGNED_CERT_IN_CHAIN: "the certificate's authority is not known; give it with --ca-file",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the certificate's authority is not known; give it with --ca-file",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the certificate's authority is not known; give it with --ca-file",
};

export function problemOf(error: unknown): string {
  if (error instanceof ResultCodeError)
    return error.code === 32 ? "the base is not there" : `LDAP result ${error.code}`;
  const { name, code, message } = error as NodeJS.ErrnoException;
  if (name === "TimeoutError") return "no answer in time";
  return problems[code ?? ""] ?? code ?? message;
}
