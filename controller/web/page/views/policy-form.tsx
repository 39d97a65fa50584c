/** When sessions end by themselves: for all, for a site or for one user, who each may say otherwise. */

import { useState } from 'preact/hooks';
import { useApp, useText } from '#controller/web/page/context.ts';
import { SelectField, TextField } from '#controller/web/page/parts/field.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';
import type { Policy } from '#controller/web/page/shapes.ts';

type SecondDevice = NonNullable<Policy['secondDevice']>;

export function PolicyForm({
  policy,
  label,
  prefix = '',
  isWidest = false,
  hasSecondDevice = true,
  action,
  onDone,
}: {
  policy: Policy;
  label: string;
  /** Of the fields, in what the API finds wrong: `policy.` */
  prefix?: string;
  /** Nothing holds where this says nothing. */
  isWidest?: boolean;
  hasSecondDevice?: boolean;
  /** Throws `Refused`. */
  action(policy: Policy): Promise<unknown>;
  onDone?(): void;
}) {
  const { say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const [secondDevice, setSecondDevice] = useState<string>(policy.secondDevice ?? (isWidest ? 'allow' : ''));
  const [longest, setLongest] = useState(String(policy.longestMinutes ?? ''));
  const [idle, setIdle] = useState(String(policy.idleMinutes ?? ''));
  const [endsAt, setEndsAt] = useState(policy.endsAt ?? '');
  const hint = isWidest ? text.emptyIsNone : text.emptyIsWider;
  const at = (field: string) => submit.wrong(`${prefix}${field}`);
  return (
    <Form
      submit={submit}
      label={label}
      fields={['longestMinutes', 'idleMinutes', 'endsAt'].map((field) => `${prefix}${field}`)}
      action={() =>
        action({
          ...(hasSecondDevice && secondDevice !== '' && { secondDevice: secondDevice as SecondDevice }),
          ...minutes('longestMinutes', longest),
          ...minutes('idleMinutes', idle),
          ...(endsAt !== '' && { endsAt }),
        })
      }
      onDone={() => {
        say(text.saved);
        onDone?.();
      }}
    >
      {hasSecondDevice && (
        <SelectField
          label={text.secondDevice}
          value={secondDevice}
          onValue={setSecondDevice}
          options={[
            ...(isWidest ? [] : [['', text.asTheSystem] as const]),
            ...Object.entries(text.secondDevices),
          ]}
        />
      )}
      <TextField
        label={text.longestMinutes}
        hint={hint}
        value={longest}
        onValue={setLongest}
        inputMode={isWidest ? 'numeric' : 'text'}
        wrong={at('longestMinutes')}
      />
      <TextField
        label={text.idleMinutes}
        hint={hint}
        value={idle}
        onValue={setIdle}
        inputMode={isWidest ? 'numeric' : 'text'}
        wrong={at('idleMinutes')}
      />
      <TextField
        label={text.endsAt}
        hint={isWidest ? text.endsAtHint : `${text.endsAtHint} ${text.emptyIsWider}`}
        value={endsAt}
        onValue={setEndsAt}
        placeholder="20:00"
        wrong={at('endsAt')}
      />
      <Send submit={submit} isMinor={!isWidest}>
        {text.save}
      </Send>
    </Form>
  );
}

/** What is no number is left to the server to refuse. */
const minutes = (field: string, typed: string) =>
  typed === '' ? {} : { [field]: /^\d+$/.test(typed) ? Number(typed) : typed };
