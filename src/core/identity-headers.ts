/**
 * Who is signed in, as headers for the application behind a proxy. Must stay true: no value can end a header or be taken
 * for another person's; what is not plain ASCII is written as in RFC 8187 (`UTF-8''Ren%C3%A9`).
 */

export type Identity = {
  username: string;
  displayName: string | null;
  email: string | null;
  groups: readonly string[];
};

export const identityHeaders = ({ username, displayName, email, groups }: Identity): Record<string, string> => ({
  "remote-user": headerValue(username),
  ...(displayName && { "remote-name": headerValue(displayName) }),
  ...(email && { "remote-email": headerValue(email) }),
  ...(groups.length > 0 && { "remote-groups": groups.map(groupValue).join(",") }),
});

/** Commas stand between groups; proxies trim spaces; and what looks encoded already must not pass for what it encodes. */
const headerValue = (text: string) => (/^(?!utf-8'')[!-~](?:[ -~]*[!-~])?$/i.test(text) ? text : encoded(text));
const groupValue = (text: string) => (text.includes(",") ? encoded(text) : headerValue(text));

const encoded = (text: string) =>
  `UTF-8''${encodeURIComponent(text.toWellFormed()).replaceAll(/[*'()]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)}`;
