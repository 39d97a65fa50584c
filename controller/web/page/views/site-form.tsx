/** What an office is: time, language, the numbers for help, and where it stands. */

import { useState } from 'preact/hooks';
import { changedFields } from '#controller/web/page/changed-fields.ts';
import { useText } from '#controller/web/page/context.ts';
import { SelectField, TextField } from '#controller/web/page/parts/field.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';
import type { Place, Site } from '#controller/web/page/shapes.ts';
import { languages } from '#controller/web/text/text.ts';

/** Of RFC 5139, those that people know; others are kept as they are. */
const placeFields = ['callerId', 'country', 'A3', 'PC', 'RD', 'HNO', 'floor', 'room'] as const;

export type SiteInput = Pick<Site, 'timeZone' | 'language' | 'emergencyNumbers' | 'transport'> & {
  id?: string;
  place: Record<string, string | null>;
};

export function SiteForm({
  site,
  verb,
  action,
  onDone,
}: {
  /** Absent: a new one. */
  site?: Site;
  verb: string;
  action(input: SiteInput): Promise<unknown>;
  onDone(id: string): void;
}) {
  const text = useText();
  const submit = useSubmit();
  const [id, setId] = useState(site?.id ?? '');
  const [timeZone, setTimeZone] = useState(
    site?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
  );
  const [language, setLanguage] = useState<string>(site?.language ?? 'en');
  const [numbers, setNumbers] = useState(site?.emergencyNumbers.join(', ') ?? '112');
  const [transport, setTransport] = useState<string>(site?.transport ?? 'udp');
  const [place, setPlace] = useState<Place>(site?.place ?? {});
  const input = (): SiteInput => ({
    ...(site === undefined && { id }),
    timeZone,
    language: language === 'de' ? 'de' : 'en',
    emergencyNumbers: numbers.split(/[\s,;]+/).filter((number) => number !== ''),
    transport: transport === 'tls' || transport === 'tcp' ? transport : 'udp',
    place: changedFields(site?.place ?? {}, place),
  });
  return (
    <Form
      submit={submit}
      label={verb}
      fields={['id', 'timeZone', 'emergencyNumbers', ...placeFields.map((field) => `place.${field}`)]}
      action={() => action(input())}
      onDone={() => onDone(id)}
    >
      {site === undefined && (
        <TextField
          label={text.siteName}
          hint={text.siteNameHint}
          value={id}
          onValue={setId}
          maxLength={32}
          wrong={submit.wrong('id')}
        />
      )}
      <datalist id="time-zones">
        {Intl.supportedValuesOf('timeZone').map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
      <div class="pair">
        <TextField
          label={text.timeZone}
          value={timeZone}
          onValue={setTimeZone}
          list="time-zones"
          wrong={submit.wrong('timeZone')}
        />
        <SelectField label={text.phoneLanguage} value={language} onValue={setLanguage} options={languages} />
        <TextField
          label={text.emergencyNumbers}
          hint={text.emergencyHint}
          value={numbers}
          onValue={setNumbers}
          wrong={submit.wrong('emergencyNumbers')}
        />
        <SelectField
          label={text.transport}
          value={transport}
          onValue={setTransport}
          options={[
            ['udp', 'UDP'],
            ['tcp', 'TCP'],
            ['tls', 'TLS'],
          ]}
        />
      </div>
      <fieldset>
        <legend>{text.place}</legend>
        <p class="hint">{text.placeHint}</p>
        <div class="pair">
          {placeFields.map((field) => (
            <TextField
              key={field}
              label={text.placeFields[field]}
              value={place[field] ?? ''}
              onValue={(value) => setPlace({ ...place, [field]: value })}
              maxLength={64}
              wrong={submit.wrong(`place.${field}`)}
            />
          ))}
        </div>
      </fieldset>
      <Send submit={submit}>{verb}</Send>
    </Form>
  );
}
