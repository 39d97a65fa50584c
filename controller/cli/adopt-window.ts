/** `hotdesk site adopt-window`, `hotdesk device adopt-window`: see docs/phones.md, DHCP. */

import { numberOf } from './typed.ts';
import { done, item, type Verb, valued } from './verb.ts';

export function adoptWindow(path: string, id: string, about: string): Verb {
  return {
    about: `for some minutes ${about}`,
    args: [id],
    flags: [
      valued('minutes', 'N', 'for so long, 30 unless it is said'),
      { name: 'close', takesValue: false, about: 'now' },
    ],
    async run(call) {
      const at = `${path}/${encodeURIComponent(call.args[0] ?? '')}/adoption-window`;
      if (call.flags.has('close')) {
        await done(call.client.ask('DELETE', at));
        return item(call.client.ask('GET', at));
      }
      const minutes = numberOf(call, 'minutes');
      return item(call.client.ask('POST', at, minutes === undefined ? {} : { minutes }));
    },
  };
}
