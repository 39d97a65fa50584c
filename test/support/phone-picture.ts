/**
 * A picture of where to type at a phone: its web page or its display drawn as
 * boxes, from the same steps that the admin page tells (controller/web). Not a
 * photograph: menus look different from firmware to firmware, their names do not.
 */

import type { PhoneSteps } from '#controller/web/page/at-the-phone.ts';

const width = 720;
const row = 44;
const menuWidth = 210;

export function drawSteps(title: string, { path, isWeb, fields, press }: PhoneSteps): string {
  const [first = '', ...rest] = path;
  // On a display menus are one below the other; on a page the first is a tab above them.
  const menu = isWeb ? rest : path;
  const head = isWeb ? 96 : 48;
  const height = head + 24 + Math.max(menu.length * row, (fields.length + 1) * row + 20) + 24;
  const left = menuWidth + 40;
  const buttons = press.split(', ');
  const parts = [
    box(1, 1, width - 2, height - 2, '#ffffff', '#4a5560'),
    box(1, 1, width - 2, 40, '#e6ebf0', '#4a5560'),
    text(20, 27, isWeb ? `${title}: http://IP address of the phone/` : `${title}: its display`, '#1b1f24'),
    ...(isWeb
      ? [box(20, 52, textWidth(first) + 32, 36, '#0b57a8', '#0b57a8'), text(36, 76, first, '#ffffff')]
      : []),
    ...menu.flatMap((name, index) => {
      const y = head + 16 + index * row;
      return [
        box(20, y, menuWidth, row - 8, index === menu.length - 1 ? '#0b57a8' : '#d7e6f5', '#0b57a8'),
        text(32, y + 24, name, index === menu.length - 1 ? '#ffffff' : '#1b1f24'),
      ];
    }),
    ...fields.flatMap(([name, value], index) => {
      const y = head + 16 + index * row;
      return [
        text(left, y + 24, name, '#1b1f24'),
        box(left + 190, y, width - left - 210, row - 8, '#fff7d6', '#8a6d00'),
        text(left + 200, y + 24, value, '#1b1f24', true),
      ];
    }),
    ...buttons.map((_, index) => {
      const x = left + buttons.slice(0, index).reduce((sum, each) => sum + textWidth(each) + 48, 0);
      const y = head + 24 + fields.length * row;
      const name = buttons[index] ?? '';
      return `${box(x, y, textWidth(name) + 32, row - 8, '#176b3a', '#176b3a')}\n${text(x + 16, y + 24, name, '#ffffff')}`;
    }),
  ];
  const label = `${title}: ${[...path, ...fields.map(([name]) => name), press].join(', ')}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(label)}" font-family="sans-serif" font-size="14">`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

const box = (x: number, y: number, w: number, h: number, fill: string, stroke: string) =>
  `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="6" fill="${fill}" stroke="${stroke}"/>`;

const text = (x: number, y: number, words: string, fill: string, isTyped = false) =>
  `<text x="${x}" y="${y}" fill="${fill}"${isTyped ? ' font-family="monospace" font-size="13"' : ''}>${escaped(words)}</text>`;

const textWidth = (words: string) => Math.round(words.length * 7.6);

const escaped = (words: string) =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
