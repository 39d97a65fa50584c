import * as assert from 'uvu/assert';
import { FlowTable, type Path, pathOf } from '#agent/sip/flows.ts';
import { describe } from '#test/support/describe.ts';

const local = { address: '192.0.2.1', port: 5060 };
const path = (n: number): Path => ({
  transport: 'udp',
  local,
  remote: { address: '192.0.2.9', port: 5000 + n },
});

function createTable({ maxFlows = 3, idleMs = 1_000, strangerMs = 1_000 } = {}) {
  const closed: number[] = [];
  const table = new FlowTable({ maxFlows, idleMs, strangerMs, onClose: ({ flow }) => closed.push(flow) });
  return { table, closed };
}

describe('flow table', (test) => {
  test('numbers its own flows oddly, each once', () => {
    const { table } = createTable();
    const numbers = [1, 2, 3].map((n) => table.add(path(n), 0).flow);
    assert.equal(numbers, [1, 3, 5]);
  });

  test('full, it closes the stranger longest unused', () => {
    const { table, closed } = createTable();
    const flows = [1, 2, 3].map((n) => table.add(path(n), 0));
    for (const flow of flows.slice(0, 1)) table.touch(flow, 1);
    table.add(path(4), 2);
    assert.equal(closed, [3]);
    assert.is(table.size, 3);
  });

  test('full of strangers, a phone stays', () => {
    const { table, closed } = createTable();
    const registered = table.add(path(0), 0);
    table.markRegistered(registered);
    for (let n = 1; n < 100; n++) table.add(path(n), n);
    assert.is(table.get(registered.flow), registered);
    assert.not(closed.includes(registered.flow));
    assert.is(table.size, 3);
  });

  test('full of registered flows, the one longest unused goes', () => {
    const { table, closed } = createTable();
    for (const n of [1, 2, 3]) table.markRegistered(table.add(path(n), 0));
    table.add(path(4), 1);
    assert.equal(closed, [1]);
  });

  test('closes what was idle too long, and nothing younger', () => {
    const { table, closed } = createTable();
    table.add(path(1), 0);
    table.markRegistered(table.add(path(2), 0));
    table.add(path(3), 500);
    table.closeIdle(1_000);
    assert.equal(closed, [1, 3]);
    assert.is(table.size, 1);
  });

  test('a connection of a stranger goes sooner than one of a phone', () => {
    const { table, closed } = createTable({ idleMs: 10_000 });
    const tcp = (n: number): Path => ({ ...path(n), transport: 'tcp' });
    table.add(tcp(1), 0);
    table.markRegistered(table.add(tcp(2), 0));
    table.add(path(1), 0);
    table.closeIdle(1_000);
    assert.equal(closed, [1]);
  });

  test('UDP and TCP from one port are two paths', () => {
    const { table } = createTable();
    const udp = table.add(path(1), 0);
    table.add({ ...path(1), transport: 'tcp' }, 0);
    assert.is(table.find(pathOf(path(1))), udp);
    assert.is(table.size, 2);
  });

  test('a path the controller names takes the path over', () => {
    const { table, closed } = createTable();
    table.add(path(1), 0);
    const theirs = table.add(path(1), 0, 2);
    assert.is(table.find(pathOf(path(1))), theirs);
    assert.equal(closed, [1]);
  });

  test('a number the controller gives again names the new path only', () => {
    const { table, closed } = createTable();
    table.add(path(1), 0, 2);
    table.add(path(2), 0, 2);
    assert.is(table.find(pathOf(path(1))), undefined);
    assert.equal(table.get(2)?.remote, path(2).remote);
    assert.equal(closed, [], 'to close it would close the new one');
  });
});
