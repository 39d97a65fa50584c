/**
 * Who is in the demo. Its PINs are fixed and written down here and in the
 * README: the one exception to never showing a PIN. Nothing else uses them.
 */

export const site = {
  id: 'berlin',
  timeZone: 'Europe/Berlin',
  language: 'en',
  emergencyNumbers: ['112'],
} as const;

export const anna = {
  extension: '100',
  name: 'Anna Berger',
  pin: '482915',
  keys: [
    { type: 'blf', value: '101', label: 'Ben Krause' },
    { type: 'speeddial', value: '112', label: 'Emergency' },
  ],
} as const;

export const ben = {
  extension: '101',
  name: 'Ben Krause',
  pin: '630174',
  keys: [{ type: 'blf', value: '100', label: 'Anna Berger' }],
} as const;

export const users = [anna, ben] as const;

export const devices = [
  { device: 'HD0001', mac: '001565d00001', model: 'T46S' },
  { device: 'HD0002', mac: '001565d00002', model: 'T46S' },
] as const;

export const emergency = site.emergencyNumbers[0];
/** A number of nobody here. */
export const outside = '004930123456';
export const wrongPin = '907351';
