/** The phone as it will look with these keys: laid out by the server, drawn page by page, and what is cut. */

import { useEffect, useState } from 'preact/hooks';
import { ask, type Problem, toProblem } from '#controller/web/page/api.ts';
import { useWords } from '#controller/web/page/context.ts';
import { SelectField, TextField } from '#controller/web/page/parts/field.tsx';
import { Name } from '#controller/web/page/parts/name.tsx';
import { ProblemLine } from '#controller/web/page/parts/problem.tsx';
import type { Key, LaidKey, Preview } from '#controller/web/page/shapes.ts';

const gatherMs = 150;
const usualModel = 'T46S';

export function PhonePreview({ keys, models }: { keys: readonly Key[]; models: readonly string[] }) {
  const { text, language } = useWords();
  const [model, setModel] = useState('');
  const [state, setState] = useState('loggedIn');
  const [preview, setPreview] = useState<Preview>();
  const [problem, setProblem] = useState<Problem>();
  const chosen = model || (models[0] ?? usualModel);
  const wanted = JSON.stringify({ model: chosen, keys: keys.map(drawable), state, language });
  useEffect(() => {
    let isOver = false;
    const timer = setTimeout(async () => {
      try {
        const next = await ask<Preview>('POST', '/layouts/preview', JSON.parse(wanted));
        if (isOver) return;
        setPreview(next);
        setProblem(undefined);
      } catch (error) {
        if (!isOver) setProblem(toProblem(error));
      }
    }, gatherMs);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [wanted]);
  return (
    <section class="card" aria-labelledby="preview">
      <h2 id="preview">{text.preview}</h2>
      <div class="pair">
        <TextField label={text.model} value={chosen} onValue={setModel} list="models" maxLength={64} />
        <SelectField
          label={text.state}
          value={state}
          onValue={setState}
          options={[
            ['loggedIn', text.loggedIn],
            ['idle', text.states.free],
          ]}
        />
      </div>
      <datalist id="models">
        {models.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      <ProblemLine problem={problem} />
      {preview !== undefined && <Drawing model={chosen} preview={preview} />}
    </section>
  );
}

/** What is still being typed is drawn as far as it goes. */
const drawable = ({ type, value, label }: Key): Key => ({
  type,
  value: value.replace(/[^0-9*#+]/g, '').slice(0, 32),
  label: label.trim().replace(/[\p{Cc}\p{Cf}]/gu, ''),
});

function Drawing({ model, preview: { keys, cut } }: { model: string; preview: Preview }) {
  const { text } = useWords();
  const pages = new Map<string, LaidKey[]>();
  for (const key of keys) {
    const page = `${key.module ?? 0}/${key.page}`;
    pages.set(page, [...(pages.get(page) ?? []), key]);
  }
  return (
    <>
      <div class="phones">
        {[...pages.values()].map((own) => (
          <PhonePage key={own[0]?.position} model={model} keys={own} of={pages.size} />
        ))}
      </div>
      <p role="status">{cut.length === 0 ? text.allFits : text.isCut(cut.length)}</p>
      {cut.length > 0 && (
        <ul class="findings">
          {cut.map(({ label, value, type }, index) => (
            <li key={index} class="warn">
              <Name>{label || value || text.keyTypes[type]}</Name>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function PhonePage({ model, keys, of }: { model: string; keys: readonly LaidKey[]; of: number }) {
  const { text } = useWords();
  const { module = 0, page = 1 } = keys[0] ?? {};
  return (
    <figure class="phone">
      <figcaption>
        {module === 0 ? model : text.module(module)}
        {of > 1 && ` · ${text.page(page)}`}
      </figcaption>
      <ol>
        {keys.map(({ position, type, label, value }) => (
          <li key={position} class={type} value={position}>
            <span class="lamp" aria-hidden="true" />
            <span class="number">{position}</span>{' '}
            <span class="label">
              {type === 'none' ? text.keyTypes.none : <Name>{label || value || text.keyTypes[type]}</Name>}
            </span>
          </li>
        ))}
      </ol>
    </figure>
  );
}
