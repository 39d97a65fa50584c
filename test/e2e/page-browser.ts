/**
 * The page in Debian's Chromium, beside a real controller, agent and phones.
 * Whatever a story does, the page must ask nobody but its own server, run into
 * no error and break no rule of its content policy.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import type { Test } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';
import { inWorld, type World, type WorldOptions } from './world.ts';

const program = '/usr/bin/chromium';
const args = [
  ...['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-quic'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  ...['--disable-extensions', '--disable-default-apps', '--mute-audio'],
];
/** For one step on a machine that does much else. */
const stepMs = 20_000;

export type Stage = {
  world: World;
  /** `http://127.0.0.1:port` */
  origin: string;
  /** A window that somebody is signed in at, at that address of the page. */
  open(hash: string, options?: BrowserContextOptions): Promise<Page>;
  /** What the page said when something went wrong in it. */
  faults: readonly string[];
};

/** Defines a test in the browser; without one it is reported as skipped. */
export function browserTest(
  test: Test,
  name: string,
  story: (stage: Stage) => Promise<void>,
  options: WorldOptions = {},
): void {
  if (!hasProgram('chromium')) test.skip(name, 'there is no chromium');
  else test(name, () => inWorld((world) => onStage(world, story), options), 120_000);
}

export async function onStage(world: World, story: (stage: Stage) => Promise<void>): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), 'hotdesk-chromium-'));
  const env = { ...process.env, HOME: profile, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile };
  const browser = await chromium.launch({ executablePath: program, args, env, timeout: 60_000 });
  const origin = new URL(world.controller.api).origin;
  const faults: string[] = [];
  const elsewhere: string[] = [];

  function watch(context: BrowserContext): void {
    context.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url)) elsewhere.push(url);
    });
    context.on('weberror', (error) => faults.push(String(error.error())));
    context.on('console', (message) => {
      // A refusal of the API is an answer, and the page shows it; Chromium calls it an error.
      const isAnswer = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !isAnswer) faults.push(message.text());
    });
  }

  try {
    await story({
      world,
      origin,
      faults,
      async open(hash, options = {}) {
        const context = await browser.newContext({ locale: 'en-GB', ...options });
        context.setDefaultTimeout(stepMs);
        watch(context);
        const page = await context.newPage();
        await signIn(page, world);
        await page.goto(`${origin}/${hash}`);
        return page;
      },
    });
    assert.equal(faults, [], 'nothing went wrong in the page');
    assert.equal(elsewhere, [], 'nobody else was asked for anything');
  } finally {
    await browser.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function signIn(page: Page, world: World): Promise<void> {
  await page.context().setExtraHTTPHeaders({ authorization: `Bearer ${world.token}` });
  await page.route('**/api/v1/me', (route) => route.fulfill({ json: { name: 'test', role: 'owner' } }));
}
