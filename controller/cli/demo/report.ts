/** What the demo says: lines for people, or one JSON object a line. */

import { isLoopback } from '#protocol/address.ts';
import { devices, emergency, users } from './cast.ts';
import type { World } from './world.ts';

export type StepResult = { step: number; title: string; ok: boolean; ms: number; detail: string };

export interface Report {
  step(result: StepResult): void;
  /** The world stays up; `hasHeld`: as it should be. */
  ready(world: World, hasHeld: boolean): Promise<void>;
}

export type ReportOptions = { out(text: string): void };

export function jsonReport({ out }: ReportOptions): Report {
  return {
    step: ({ step, ok, ms, detail }) => out(JSON.stringify({ step, ok, ms, detail })),
    ready: async (world) => out(JSON.stringify(await readyOf(world))),
  };
}

export function peopleReport({ out }: ReportOptions, listen: string): Report {
  return {
    step({ step, title, ok, ms, detail }) {
      out(`${ok ? 'ok  ' : 'FAIL'}  ${step}  ${title}  (${(ms / 1000).toFixed(1)} s)\n         ${detail}`);
    },
    async ready(world, hasHeld) {
      if (!hasHeld) out('\nThe story did not hold: see the step that failed.');
      out(await attach(world, listen));
    },
  };
}

/** The line of `--idle`: all a real phone or a test needs. */
export async function readyOf(world: World): Promise<object> {
  return {
    step: 'ready',
    ok: true,
    sip: world.sip,
    api: world.api,
    token: world.token,
    devices: await Promise.all(
      devices.map(async ({ device, mac, model }) => ({
        device,
        mac,
        vendor: 'yealink',
        model,
        provisioningUrl: await world.provisioningUrl(device),
      })),
    ),
    users: users.map(({ extension, name, pin }) => ({ extension, name, pin })),
    emergency,
  };
}

async function attach(world: World, listen: string): Promise<string> {
  const people = users.map(({ extension, name, pin }) => `${extension} ${name}, PIN ${pin}`).join('; ');
  const { url } = await world.ask('POST', '/setup-link');
  return `
The world stays up; Ctrl-C ends it.

  page   ${url} (once: it makes an account)
  SIP    ${world.sip} (UDP)
  API    ${world.api}
  token  ${world.token}
  users  ${people}

Attach a phone of your own:
${isLoopback(listen) ? '  0. it cannot reach this address: end this, and start again with --listen and an address of your network\n' : ''}\
  1. npx hotdesk device create <its MAC> <its model> --site berlin --data ${world.data}
  2. type the provisioningUrl that this prints into the phone, as its provisioning server
  3. at the phone: press Login, or dial *77*100*, and type the PIN
`;
}
