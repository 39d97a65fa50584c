/** Asks for everything again, every few seconds. */

import type { ChangeSource } from './live.ts';

const everyMs = 2_000;

export const pollChanges: ChangeSource = ({ onReset, onState }) => {
  onState('live');
  const timer = setInterval(onReset, everyMs);
  return () => clearInterval(timer);
};
