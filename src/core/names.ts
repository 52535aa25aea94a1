/**
 * Name forms: however a client spells someone (case, `DOMAIN\user`, `user@domain`), one key leads to one person.
 * Must stay true: two names that the directory holds apart never share a key, and equal keys come out on every node.
 */

export type NameRules = {
  /** Which domain parts are cut off: every one, only those listed, or none. */
  strip: "any" | "listed" | "none";
  domains: readonly string[];
};

/** The key under which a person is stored and found; undefined when the text cannot be a name. */
export function nameKey(text: string, rules: NameRules): string | undefined {
  // Full-width and composed forms of a name are one name; a NUL or line break is never part of one.
  const name = text.normalize("NFKC").trim().toLowerCase();
  if (name.length === 0 || name.length > 256 || /\p{Cc}/u.test(name)) return undefined;
  if (rules.strip === "none") return name;
  const own = (domain: string) => rules.strip === "any" || rules.domains.includes(domain);
  const slash = name.lastIndexOf("\\");
  const afterSlash = slash >= 0 && own(name.slice(0, slash)) ? name.slice(slash + 1) : name;
  const at = afterSlash.lastIndexOf("@");
  const local = at > 0 && own(afterSlash.slice(at + 1)) ? afterSlash.slice(0, at) : afterSlash;
  return local === "" ? undefined : local;
}
