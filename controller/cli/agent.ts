/** `hotdesk agent …` and `enrol-token …`: the edge processes, and how new ones come in. */

import { field } from './table.ts';
import { item, last, type Noun, need, plainVerbs, type Verb, valued } from './verb.ts';

const at = (path: string, id: string | undefined) => `${path}/${encodeURIComponent(id ?? '')}`;

const agentSet: Verb = {
  about: 'names it',
  args: ['ID'],
  flags: [valued('name', 'TEXT', 'for people; "" removes it')],
  run(call) {
    const name = last(call, 'name');
    const body = name === undefined ? {} : { name: name === '' ? null : name };
    return item(call.client.ask('PATCH', at('/agents', call.args[0]), body));
  },
};

export const agentNoun: Noun = {
  about: 'the edge processes; remove revokes one',
  verbs: {
    ...plainVerbs('/agents', 'ID', [
      ...[
        field('id'),
        field('site'),
        field('name'),
        field('isUp', 'up'),
        field('version'),
        field('sip'),
        field('http'),
      ],
      ...[
        field('phones'),
        field('calls'),
        field('flows'),
        field('latencyMs', 'ms'),
        field('cpu', 'cpu %'),
        field('revokedAt', 'revoked'),
      ],
    ]),
    set: agentSet,
  },
};

export const enrolTokenNoun: Noun = {
  about: 'one-time tokens for new agents',
  verbs: {
    ...plainVerbs('/enrol-tokens', 'ID', [
      field('id'),
      field('site'),
      field('expiresAt', 'expires'),
      field('spentAt', 'spent'),
    ]),
    create: {
      about:
        'prints a token, good once, for 10 minutes; on standard error the line that installs an agent with it',
      args: [],
      flags: [valued('site', 'ID', 'of the new agent')],
      async run(call) {
        const asked = call.client.ask('POST', '/enrol-tokens', { site: need(call, 'site') });
        const json = (await asked) as { token: string; installLine: string };
        return { type: 'text', text: json.token, aside: json.installLine, json };
      },
    },
  },
};
