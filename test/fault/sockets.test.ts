/**
 * Every socket that the product has open while calls are up has somebody who
 * hears of its errors: Node ends a process for one of which nobody does.
 */

import { EventEmitter } from 'node:events';
import { Server, Socket } from 'node:net';
import * as assert from 'uvu/assert';
import { anna, dialLogin, inWorld } from '#test/e2e/world.ts';
import { describe } from '#test/support/describe.ts';

type Emitter = EventEmitter & { close?: unknown };

/** All that the event loop waits for in this process: the product's, and the phones'. */
function handles(): Emitter[] {
  const { _getActiveHandles: all } = process as unknown as { _getActiveHandles(): unknown[] };
  return all
    .call(process)
    .filter((each): each is Emitter => each instanceof EventEmitter)
    .filter((each) => each !== process.stdout && each !== process.stderr && each !== process.stdin);
}

describe('errors of sockets', (test) => {
  test('have a listener, of each that is open; a server that cannot accept for a moment goes on', () =>
    inWorld(
      async (world) => {
        const [first, second] = [await world.desk('HD0001'), await world.desk('HD0002')];
        await dialLogin(first, anna);
        second.phone.call('112');
        await second.saw('answered');
        const open = handles();
        const kinds = new Set(open.map(({ constructor: { name } }) => name));
        for (const kind of ['Server', 'Socket']) assert.ok(kinds.has(kind), `there are ${[...kinds]}`);
        const deaf = open.filter((each) => each.listenerCount('error') === 0);
        assert.equal(
          deaf.map((each) => each.constructor.name),
          [],
        );

        const isDatagrams = (each: Emitter) => !(each instanceof Socket) && !(each instanceof Server);
        for (const each of open.filter((one) => one instanceof Server || isDatagrams(one))) {
          for (const code of ['EMFILE', 'ENOBUFS'])
            each.emit('error', Object.assign(new Error(code), { code }));
        }
        second.phone.hangUp();
        await world.gateway.saw('ended');
        await second.saw('ended');
        const from = world.gateway.mark();
        second.phone.call('112');
        await world.gateway.saw('incoming', {}, from);
      },
      { desks: 2 },
    ));
});
