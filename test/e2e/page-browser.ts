/**
 * The page in Debian's Chromium, beside a real controller, agent and phones.
 * Whatever a story does, the page must ask nobody but its own server, run into
 * no error and break no rule of its content policy.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
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
  /** A window at that address of the page; the admin, or who is named, is signed in there unless it is said otherwise. */
  open(hash: string, options?: BrowserContextOptions & { isSignedIn?: boolean; as?: object }): Promise<Page>;
};

/** One browser for all tests of the page: the last of them closes it. */
let shared: Promise<Chromium> | undefined;
let waiting = 0;

/** Defines a test in the browser; without one it is reported as skipped. */
export function browserTest(
  test: Test,
  name: string,
  story: (stage: Stage) => Promise<void>,
  { hasAdmin = true, ...options }: WorldOptions & { hasAdmin?: boolean } = {},
): void {
  if (!hasProgram('chromium')) return void test.skip(name, 'there is no chromium');
  waiting++;
  const run = async () => {
    try {
      shared ??= openBrowser();
      const { browser } = await shared;
      await inWorld((world) => onStage(world, browser, story, { hasAdmin }), options);
    } finally {
      if (--waiting === 0) await (await shared)?.close();
    }
  };
  test(name, run, 120_000);
}

type Chromium = { browser: Browser; close(): Promise<void> };

export async function openBrowser(): Promise<Chromium> {
  const home = await mkdtemp(join(tmpdir(), 'hotdesk-chromium-'));
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home };
  const browser = await chromium.launch({ executablePath: program, args, env, timeout: 60_000 });
  return {
    browser,
    async close() {
      await browser.close();
      await rm(home, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

export async function onStage(
  world: World,
  browser: Browser,
  story: (stage: Stage) => Promise<void>,
  { hasAdmin = true } = {},
): Promise<void> {
  const origin = new URL(world.controller.api).origin;
  const contexts: BrowserContext[] = [];
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

  async function newContext(options: BrowserContextOptions): Promise<BrowserContext> {
    const context = await browser.newContext({ locale: 'en-GB', ...options });
    contexts.push(context);
    context.setDefaultTimeout(stepMs);
    watch(context);
    return context;
  }

  try {
    if (hasAdmin) await world.ask('POST', '/accounts', { ...admin, role: 'owner' });
    await story({
      world,
      origin,
      async open(hash, { isSignedIn = true, as = admin, ...options } = {}) {
        const context = await newContext(options);
        if (isSignedIn) await signIn(context, origin, as);
        const page = await context.newPage();
        await page.goto(`${origin}/${hash}`);
        return page;
      },
    });
    assert.equal(faults, [], 'nothing went wrong in the page');
    assert.equal(elsewhere, [], 'nobody else was asked for anything');
  } finally {
    await Promise.all(contexts.map((context) => context.close()));
  }
}

/** Another address of the page; when this is over the page has heard of it, and shows the view before no more. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate(`new Promise((heard) => {
    const before = location.hash;
    addEventListener('hashchange', () => heard(), { once: true });
    location.hash = ${JSON.stringify(hash)};
    if (location.hash === before) heard();
  })`);
}

/** Who sits at the page in most tests. */
export const admin = { name: 'admin', password: 'a long sentence of the admin' };

/** As the page does it: the cookie stays with the window. */
async function signIn(context: BrowserContext, origin: string, as: object): Promise<void> {
  const answer = await context.request.post(`${origin}/api/v1/sign-in`, { data: as, headers: { origin } });
  assert.is(answer.status(), 200, await answer.text());
}
