/**
 * Where a device stands, and what an emergency call from there takes with it:
 * numbers and a civic address, whose fields have the names of RFC 5139 3.1,
 * but for `floor` (FLR) and `room` (ROOM), which people type most.
 *
 *     {"country": "DE", "A3": "Berlin", "PC": "10115", "RD": "Invalidenstraße", "HNO": "116", "floor": "2"}
 */

import { z } from 'zod';

const phoneNumber = z.string().regex(/^\+?[0-9]{2,20}$/, 'a phone number is 2 to 20 digits, as +4930123456');

const line = z
  .string()
  .trim()
  .min(1, 'has at least one character')
  .max(64, 'has at most 64 characters')
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+$/u, 'has no control characters');

/** Which building: taken from one source as a whole, for half of two addresses is the address of nobody. */
const outside = {
  country: z.string().regex(/^[A-Z]{2}$/, 'a country is two capital letters, as DE (ISO 3166-1)'),
  ...{
    A1: line,
    A2: line,
    A3: line,
    A4: line,
    A5: line,
    A6: line,
    PRM: line,
    PRD: line,
    RD: line,
    STS: line,
  },
  ...{ POD: line, POM: line, RDSEC: line, RDBR: line, RDSUBBR: line, HNO: line, HNS: line, LMK: line },
  ...{ PC: line, PCN: line, POBOX: line, ADDCODE: line },
};

/** Where in it. */
const inside = {
  BLD: line,
  NAM: line,
  UNIT: line,
  LOC: line,
  SEAT: line,
  PLC: line,
  floor: line,
  room: line,
};

export const outsideFields = Object.keys(outside) as (keyof typeof outside)[];
export const insideFields = Object.keys(inside) as (keyof typeof inside)[];

export const place = z
  .strictObject({
    /** What the other side sees as the caller: the device's own number, or its site's. */
    callerId: phoneNumber,
    /** Where to call back; the caller ID when absent. */
    callbackNumber: phoneNumber,
    ...outside,
    ...inside,
  })
  .partial();

export type Place = z.infer<typeof place>;

/** `value`: in the INVITE, beside the SDP; `reference`: a URL in its place; many gateways take neither. */
const location = z.enum(['none', 'value', 'reference']).default('none');

export const emergencyRoute = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('gateway'), location }),
  z.strictObject({ type: z.literal('upstream'), upstream: z.string().min(1).max(64), location }),
]);

export type EmergencyRoute = z.infer<typeof emergencyRoute>;

export const emergencyTestNumber = z
  .string()
  .regex(/^[0-9]{2,8}$/, 'an emergency test number is 2 to 8 digits');

const isLoopback = (host: string) => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);

/** A webhook. What it resolves to is looked at when it is used (controller/webhooks/post.ts). */
export const emergencyContact = z
  .string()
  .max(512)
  .refine((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || url.username !== '' || url.password !== '' || url.hash !== '') return false;
    return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  }, 'a contact is an https URL without a password (http on loopback only)');
