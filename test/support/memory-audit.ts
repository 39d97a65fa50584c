/** An audit log in memory: what was appended, in order. */

import { type AuditFacts, noHead } from '#controller/audit/chain.ts';
import type { AuditLog } from '#controller/audit/log.ts';

export type MemoryAudit = AuditLog & { readonly entries: AuditFacts[]; failWith: Error | undefined };

export function createMemoryAudit(): MemoryAudit {
  const entries: AuditFacts[] = [];
  const audit: MemoryAudit = {
    entries,
    failWith: undefined,
    async append(facts) {
      if (audit.failWith !== undefined) throw audit.failWith;
      entries.push(facts);
    },
    async read({ limit }) {
      const kept = entries.map((facts, index) => ({
        ...facts,
        sequence: index + 1,
        at: new Date(0).toISOString(),
        hash: 'ab'.repeat(32),
      }));
      return { items: kept.reverse().slice(0, limit) };
    },
    verify: async () => ({ ok: true, entries: entries.length, first: 1, head: noHead }),
    close: async () => {},
  };
  return audit;
}
