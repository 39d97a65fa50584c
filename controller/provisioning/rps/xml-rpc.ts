/** As much of XML-RPC as redirection services speak: strings and lists of them go, `[boolean, text]` comes back. */

import { toXml } from '#controller/provisioning/xml.ts';

export type RpcValue = string | readonly string[];

export type Reply = { isDone: boolean; said: string };

const text = (value: string) => `<value><string>${toXml(value)}</string></value>`;

const format = (value: RpcValue) =>
  typeof value === 'string'
    ? text(value)
    : `<value><array><data>${value.map(text).join('')}</data></array></value>`;

export function formatCall(method: string, params: readonly RpcValue[]): string {
  const all = params.map((value) => `<param>${format(value)}</param>`).join('');
  return `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${all}</params></methodCall>`;
}

/** Undefined: it is no answer. A fault is a refusal that says its `faultString`. */
export function readReply(body: string): Reply | undefined {
  if (!body.includes('<methodResponse')) return undefined;
  const fault = /<name>\s*faultString\s*<\/name>\s*<value>(?:\s*<string>)?([^<]{0,500})/.exec(body)?.[1];
  if (fault !== undefined) return { isDone: false, said: unescaped(fault) };
  const [, bit, rest = ''] = /<boolean>\s*([01]|true|false)\s*<\/boolean>([\s\S]*)/.exec(body) ?? [];
  if (bit === undefined) return undefined;
  const said = /<value>(?:\s*<string>)?([^<]{0,500})/.exec(rest)?.[1] ?? '';
  return { isDone: bit === '1' || bit === 'true', said: unescaped(said) };
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const unescaped = (escaped: string) =>
  escaped.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => entities[name] ?? '').trim();
