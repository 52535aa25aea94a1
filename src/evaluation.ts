/** What a first look needs: sample people, a sample VPN and application, and a page of what to try. Nothing of this is made in production. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inviteByName } from "#actions/activations.ts";
import { addApplication, listApplications, setApplication } from "#actions/applications.ts";
import { addApp } from "#actions/factors.ts";
import { addPerson, removePerson } from "#actions/people.ts";
import { addPhone } from "#actions/phone-methods.ts";
import { addGateway, listGateway } from "#actions/gateways.ts";
import { addRadiusClient, removeRadiusClient } from "#actions/radius-clients.ts";
import type { Deps } from "#actions/deps.ts";
import { AppError } from "#core/errors.ts";
import type { Config } from "./config.ts";
import type { Running } from "./serve.ts";
import { setSetting } from "#actions/settings.ts";
import { addSite, listSites } from "#actions/sites.ts";
import { serveSampleSite } from "./sample-site.ts";
import { serveSampleApplication, type Registered } from "./sample-application.ts";

type Sample = { password: string; radiusSecret: string; adaSeed: string };

const administrator = "administrator@example.org";
const boPhone = "+46701234567";
const danPhone = "+46701740606";

/** Makes the samples on the first start and says how to use them on every one. */
export async function prepareEvaluation(
  { deps, phones, reload }: Running,
  config: Config,
): Promise<{ text: string; stop: () => Promise<void> }> {
  for (const number of [boPhone, danPhone]) await phones?.add(number);
  await registerCarriers(deps);
  const file = join(config.data, "evaluation.json");
  // empty while they are made: from the first of them on this is an evaluation's folder, whatever cuts the start short
  if (!existsSync(file)) writeFileSync(file, "", { mode: 0o600 });
  if (readFileSync(file, "utf8") === "") writeFileSync(file, JSON.stringify(await makeSamples(deps)));
  const application = await serveSampleApplication({
    host: config.http?.host ?? "127.0.0.1",
    port: 8090,
    issuer: new URL(config["public-url"]).origin,
    register: async (url) => await registerApplication(deps, url),
  });
  const site = await serveSampleSite({
    host: config.http?.host ?? "127.0.0.1",
    port: 8091,
    countersign: config.http ?? { host: "127.0.0.1", port: 8080 },
    register: async (host) => await registerSite(deps, host),
  });
  // whoever reads the page below tries it at once
  await reload();
  const sample = JSON.parse(readFileSync(file, "utf8")) as Sample;
  const addresses = { applicationUrl: application.url, siteUrl: site.url, appLink: await inviteElla(deps) };
  const text = page(sample, { config, ...addresses });
  const stop = async () => void (await Promise.all([application.stop(), site.stop()]));
  return { text, stop };
}

/** Its address may be another one at each start, and its secret is kept nowhere, so it gets a new one. */
async function registerApplication(deps: Deps, url: string): Promise<Registered> {
  const name = "Sample application";
  const fields = { redirectUris: [`${url}/callback`], postLogoutUris: [`${url}/`], name };
  const known = (await listApplications(deps)).some((one) => one.name === name);
  const { id, secret } = known
    ? await setApplication(deps, "system", { ...fields, newSecret: true })
    : await addApplication(deps, "system", fields);
  return { id, secret: secret! };
}

async function registerSite(deps: Deps, host: string): Promise<void> {
  const known = (await listSites(deps)).some((one) => one.host === host);
  const everything = { path: "/", access: { strength: "mfa" as const, groups: [] } };
  if (!known) await addSite(deps, "system", { host, name: "Sample intranet", rules: [everything] });
}

/** Set aside for fiction, as every number of a simulated phone should be; a text can be replied to. */
const carriers = [
  { channel: "sms", name: "simulated-texts", sender: "+46701740699" },
  { channel: "voice", name: "simulated-calls", sender: "+46846500499" },
] as const;

/** The simulated carrier; somebody may try a gateway of their own beside it, or instead. */
async function registerCarriers(deps: Deps): Promise<void> {
  const known = await listGateway(deps);
  for (const carrier of carriers)
    if (!known.some(({ channel }) => channel === carrier.channel))
      await addGateway(deps, "system", { ...carrier, vendor: "simulator" });
}

/** Good once, and for ten minutes from each start; somebody may have removed her, or given her all the devices she may have. */
async function inviteElla(deps: Deps): Promise<string> {
  try {
    return (await inviteByName(deps, "system", { username: "ella" })).link;
  } catch (error) {
    if (error instanceof AppError) return "none: she is gone, or has as many devices as she may";
    throw error;
  }
}

async function makeSamples(deps: Deps): Promise<Sample> {
  const password = `try-${deps.random.bytes(6).toString("hex")}`;
  const add = async (
    username: string,
    display_name: string,
    more: { language?: string; mobile_phone?: string } = {},
  ) => {
    await unlessMissing(removePerson(deps, "system", { username }));
    await addPerson(deps, "system", { username, display_name, email: `${username}@example.org`, password, ...more });
  };
  await add("ada", "Ada Sample", { language: "en" });
  await add("bo", "Bo Exempel", { language: "sv", mobile_phone: boPhone });
  await add("cleo", "Cleo New");
  await add("dan", "Dan Sample", { language: "en" });
  await add("ella", "Ella Sample", { language: "en" });
  await addPhone(deps, "system", { username: "dan", by: "call", number: danPhone });
  const app = await addApp(deps, "system", { username: "ada", name: "Sample app" });
  for (const event of ["notify.fraud", "notify.block"])
    await setSetting(deps, "system", { name: event, text: administrator });
  await unlessMissing(removeRadiusClient(deps, "system", "sample-vpn"));
  const client = { name: "sample-vpn", addresses: ["127.0.0.1"], application: "Sample VPN", options: {} };
  // a range that was added meanwhile must not keep the next start from adding it anew
  const { secret } = await addRadiusClient(deps, "system", { ...client, allowOverlap: true });
  return { password, radiusSecret: secret!, adaSeed: app.secretBase32! };
}

/** What an earlier start had made when it was cut short goes: its secrets are lost. */
async function unlessMissing(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!(error instanceof AppError && error.code === "not_found")) throw error;
  }
}

type Addresses = { applicationUrl: string; siteUrl: string; appLink: string };

function page(
  { password, radiusSecret, adaSeed }: Sample,
  { config, applicationUrl, siteUrl, appLink }: Addresses & { config: Config },
): string {
  const radius = config.radius ? `${config.radius.host}:${config.radius.port}` : "off";
  const attributes = (name: string, given: string) =>
    `User-Name=${name},User-Password=${given},Message-Authenticator=0x00`;
  return `
Countersign is running: an evaluation, with sample people and simulated phones. Stop it with Ctrl-C.

  Sample application ${applicationUrl} (OpenID Connect)
  Sample intranet    ${siteUrl} (forward-auth)
  Simulated phones   ${config["public-url"]}/phone
  Simulated mail     ${config["public-url"]}/mail
  RADIUS             ${radius}, shared secret ${radiusSecret}
  Sign in            ${config["public-url"]}/sign-in
  People             ada (codes from an app), bo (codes by text message, in Swedish), dan (phone calls),
                     ella (approves in the app), cleo (nothing set up yet)
  Password of all    ${password}
  Ada's app key      ${adaSeed}
  Ella's app         ${appLink}
                     in a second browser profile, within ten minutes; later: npx countersign method add-authenticator ella

Sign in as a VPN would (radclient is in Debian's freeradius-utils, oathtool in oathtool):

  echo "${attributes("bo", password)}" | radclient -x ${radius} auth ${radiusSecret}
      Access-Challenge, and a text message to Bo:  npx countersign phone inbox
  echo "${attributes("bo", "CODE")},State=STATE" | radclient -x ${radius} auth ${radiusSecret}
      Access-Accept, with the code and the State (0x...) of the challenge
  oathtool --totp --base32 ${adaSeed}
      the code for Ada, whom you sign in the same way

`;
}
