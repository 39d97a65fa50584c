/** The redirection services that we can speak with; of two for one vendor the first comes first. */

import type { RedirectionServiceId } from '#controller/model/redirection.ts';
import { fanvilFdps } from './fanvil-fdps.ts';
import { gigasetGrape } from './gigaset-grape.ts';
import type { Kind } from './service.ts';
import { snomSraps } from './snom-sraps.ts';
import { yealinkRps } from './yealink-rps.ts';
import { yealinkYmcs } from './yealink-ymcs.ts';

export const kinds: Readonly<Record<RedirectionServiceId, Kind>> = {
  'yealink-rps': yealinkRps,
  'yealink-ymcs': yealinkYmcs,
  'snom-sraps': snomSraps,
  'gigaset-grape': gigasetGrape,
  'fanvil-fdps': fanvilFdps,
};

export const kindIds = Object.keys(kinds) as RedirectionServiceId[];
