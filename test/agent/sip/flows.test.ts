import * as assert from 'uvu/assert';
import { FlowTable, pathOf } from '#agent/sip/flows.ts';
import { describe } from '#test/support/describe.ts';

const local = { address: '192.0.2.1', port: 5060 };
const phone = (n: number) => ({ address: '192.0.2.9', port: 5000 + n });

function createTable({ maxFlows = 3, idleMs = 1_000 } = {}) {
  const closed: number[] = [];
  const table = new FlowTable({ maxFlows, idleMs, onClose: ({ flow }) => closed.push(flow) });
  return { table, closed };
}

describe('flow table', (test) => {
  test('numbers its own flows oddly, each once', () => {
    const { table } = createTable();
    const numbers = [1, 2, 3].map((n) => table.add(local, phone(n), 0).flow);
    assert.equal(numbers, [1, 3, 5]);
  });

  test('full, it closes the stranger longest unused', () => {
    const { table, closed } = createTable();
    const flows = [1, 2, 3].map((n) => table.add(local, phone(n), 0));
    for (const flow of flows.slice(0, 1)) table.touch(flow, 1);
    table.add(local, phone(4), 2);
    assert.equal(closed, [3]);
    assert.is(table.size, 3);
  });

  test('full of strangers, a phone stays', () => {
    const { table, closed } = createTable();
    const registered = table.add(local, phone(0), 0);
    table.markRegistered(registered);
    for (let n = 1; n < 100; n++) table.add(local, phone(n), n);
    assert.is(table.get(registered.flow), registered);
    assert.not(closed.includes(registered.flow));
    assert.is(table.size, 3);
  });

  test('full of registered flows, the one longest unused goes', () => {
    const { table, closed } = createTable();
    for (const n of [1, 2, 3]) table.markRegistered(table.add(local, phone(n), 0));
    table.add(local, phone(4), 1);
    assert.equal(closed, [1]);
  });

  test('closes what was idle too long, and nothing younger', () => {
    const { table, closed } = createTable();
    table.add(local, phone(1), 0);
    table.markRegistered(table.add(local, phone(2), 0));
    table.add(local, phone(3), 500);
    table.closeIdle(1_000);
    assert.equal(closed, [1, 3]);
    assert.is(table.size, 1);
  });

  test('a path the controller names takes the path over', () => {
    const { table, closed } = createTable();
    table.add(local, phone(1), 0);
    const theirs = table.add(local, phone(1), 0, 2);
    assert.is(table.find(pathOf(local, phone(1))), theirs);
    assert.equal(closed, [1]);
  });

  test('a number the controller gives again names the new path only', () => {
    const { table, closed } = createTable();
    table.add(local, phone(1), 0, 2);
    table.add(local, phone(2), 0, 2);
    assert.is(table.find(pathOf(local, phone(1))), undefined);
    assert.equal(table.get(2)?.remote, phone(2));
    assert.equal(closed, [], 'to close it would close the new one');
  });
});
