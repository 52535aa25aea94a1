/** The commands about authenticator apps. */

import { z } from "zod";
import { inviteByName } from "#actions/activations.ts";
import { blockDevice, listDevices, nameDevice, removeDevice, unblockDevice } from "#actions/devices.ts";
import { listUnactivated } from "#actions/stray-devices.ts";
import { command, name } from "./command.ts";

const username = z.strictObject({ username: name });
const asked = username.extend({ reason: z.string().min(1).max(1000).optional() });
const one = asked.extend({ device: name });

export const deviceCommands = {
  "method add-authenticator": command({
    input: asked,
    run: async (deps, input) => await inviteByName(deps, "cli", input),
  }),
  "device list": command({
    input: username,
    run: async (deps, input) => ({ devices: await listDevices(deps, input.username) }),
  }),
  "device unactivated": command({
    input: z.strictObject({ limit: z.int().min(1).max(10_000).default(1000) }),
    run: async (deps, input) => await listUnactivated(deps, input),
  }),
  "device remove": command({
    input: one,
    run: async (deps, input) => await removeDevice(deps, "cli", input),
  }),
  "device rename": command({
    input: one.extend({ name }),
    run: async (deps, input) => await nameDevice(deps, "cli", input),
  }),
  "device block": command({
    input: one,
    run: async (deps, input) => await blockDevice(deps, "cli", input),
  }),
  "device unblock": command({
    input: one,
    run: async (deps, input) => await unblockDevice(deps, "cli", input),
  }),
};
