/** Where things are, and where forms may lead. */

export const paths = {
  discovery: ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"],
  interaction: "/oidc/interaction",
  leave: "/oidc/leave.js",
} as const;

/** What a form's policy has to name for the way to an application to be open: its origin, or the scheme that it owns. */
export function targetOf(uri: string): string {
  const { origin, protocol } = new URL(uri);
  return origin === "null" ? protocol : origin;
}
