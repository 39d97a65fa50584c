/**
 * What happens, as those who are interested are told: the history of a desk,
 * the page that is open, a company's own programs. Nobody waits for any of them.
 */

import type { How } from './model.ts';
import type { ChangeOver } from './ports.ts';

export type Happening =
  /** `reason`: which limit ended it. */
  | { type: 'login' | 'logout'; device: string; extension: string; how: How; reason?: string }
  /** `isEdit`: nobody logged in or out. */
  | { type: 'changeOver'; device: string; changeOver: ChangeOver; isEdit?: true }
  | { type: 'agent'; agent: string; site: string; isUp: boolean }
  /** One began, was answered or ended. */
  | { type: 'call'; id: string; sites: readonly string[] };

export type Tell = (happening: Happening) => void;
