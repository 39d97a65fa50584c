/** A user's keys as they are edited: moved, taken out, and carried as a file from one user to another. */

import type { Key, KeyType } from './shapes.ts';

export const keyTypes = ['blf', 'speeddial', 'line', 'park', 'none'] as const satisfies readonly KeyType[];

export const maxKeys = 200;

export const emptyKey: Key = { type: 'blf', value: '', label: '' };

/** The key at `from` stands at `to` afterwards; out of range, at the nearest end. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const rest = [...items];
  const [item] = rest.splice(from, 1);
  if (item !== undefined) rest.splice(Math.max(0, Math.min(to, rest.length)), 0, item);
  return rest;
}

export const without = <T>(items: readonly T[], index: number): T[] => items.filter((_, at) => at !== index);

export const replaced = <T>(items: readonly T[], index: number, item: T): T[] =>
  items.map((each, at) => (at === index ? item : each));

export const formatKeys = (keys: readonly Key[]): string => `${JSON.stringify({ keys }, null, 2)}\n`;

/** What `formatKeys` wrote, or the bare list; undefined: it is neither. What a key may say, the server checks. */
export function readKeys(text: string): Key[] | undefined {
  const list = listIn(parsed(text));
  if (list === undefined || list.length > maxKeys) return undefined;
  const keys = list.map(readKey);
  return keys.every((key) => key !== undefined) ? keys : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // told by the caller: it is no layout
  }
}

function listIn(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value;
  const inner = value !== null && typeof value === 'object' ? Reflect.get(value, 'keys') : undefined;
  return Array.isArray(inner) ? inner : undefined;
}

function readKey(value: unknown): Key | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const { type, value: number = '', label = '' } = value as Record<string, unknown>;
  const known = keyTypes.find((each) => each === type);
  if (known === undefined || typeof number !== 'string' || typeof label !== 'string') return undefined;
  return { type: known, value: number, label };
}
