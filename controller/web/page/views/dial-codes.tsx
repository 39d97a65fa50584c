/** The codes that one office dials: to log in and out, to pick a call up, and those of its own. */

import { useState } from 'preact/hooks';
import { ask } from '#controller/web/page/api.ts';
import { changedFields } from '#controller/web/page/changed-fields.ts';
import { useApp, useText } from '#controller/web/page/context.ts';
import { TextField } from '#controller/web/page/parts/field.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';
import type { Site } from '#controller/web/page/shapes.ts';

const known = ['login', 'logout', 'pickup'] as const;

export function DialCodes({ site: { id, dialCodes } }: { site: Site }) {
  const { say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const [codes, setCodes] = useState<Record<string, string>>(dialCodes);
  const [name, setName] = useState('');
  const [code, setCode] = useState('');
  const others = Object.keys(codes).filter((each) => !known.some((usual) => usual === each));
  const added = name.trim() === '' ? {} : { [name.trim()]: code };
  const field = (which: string, label: string, more: { hint?: string; placeholder?: string } = {}) => (
    <TextField
      key={which}
      label={label}
      {...more}
      value={codes[which] ?? ''}
      onValue={(value) => setCodes({ ...codes, [which]: value })}
      maxLength={16}
      wrong={submit.wrong(`dialCodes.${which}`)}
    />
  );
  return (
    <section class="card" aria-labelledby="codes">
      <h2 id="codes">{text.dialCodes}</h2>
      <p class="hint">{text.dialCodesHint}</p>
      <Form
        submit={submit}
        label={text.dialCodes}
        fields={['dialCodes']}
        action={() =>
          ask('PATCH', `/sites/${id}`, { dialCodes: changedFields(dialCodes, { ...codes, ...added }) })
        }
        onDone={() => {
          setCodes(
            Object.fromEntries(Object.entries({ ...codes, ...added }).filter(([, each]) => each !== '')),
          );
          setName('');
          setCode('');
          say(text.saved);
        }}
      >
        <div class="pair">
          {field('login', text.loginCode, { hint: text.loginCodeHint })}
          {field('logout', text.logoutCode)}
          {field('pickup', text.pickupCode, { hint: text.pickupHint, placeholder: '**' })}
          {others.map((each) => field(each, each))}
        </div>
        <fieldset>
          <legend>{text.anotherCode}</legend>
          <div class="pair">
            <TextField label={text.name} value={name} onValue={setName} maxLength={32} placeholder="park" />
            <TextField
              label={text.dialCode}
              value={code}
              onValue={setCode}
              maxLength={16}
              placeholder="*68"
              wrong={name.trim() === '' ? undefined : submit.wrong(`dialCodes.${name.trim()}`)}
            />
          </div>
        </fieldset>
        <Send submit={submit}>{text.save}</Send>
      </Form>
    </section>
  );
}
