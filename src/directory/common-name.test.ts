import { expect, test } from "vitest";
import { commonName } from "./common-name.ts";

test.each([
  ["CN=VPN users,OU=Groups,DC=corp,DC=example", "VPN users"],
  ["CN=Staff\\, north,OU=Groups", "Staff, north"],
  ["cn=\\c3\\85land+ou=x,dc=example", "Åland"],
  ["CN=a\\5Cb\\2Cc,DC=example", "a\\b,c"],
  ["not a name", "not a name"],
])("the group of %s is %s", (dn, name) => expect(commonName(dn)).toBe(name));
