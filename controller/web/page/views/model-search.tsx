/** One model out of many: type any part of its name, choose among what is left. */

import { useId, useState } from 'preact/hooks';
import { useText } from '#controller/web/page/context.ts';
import { TextField } from '#controller/web/page/parts/field.tsx';
import type { ModelRow } from '#controller/web/page/shapes.ts';

const shownModels = 12;

export function ModelSearch({
  models,
  chosen,
  onChoose,
}: {
  models: readonly ModelRow[];
  chosen: ModelRow | undefined;
  onChoose(model: ModelRow): void;
}) {
  const text = useText();
  const name = useId();
  const [wanted, setWanted] = useState(chosen?.model ?? '');
  const words = wanted.toLowerCase().split(/\s+/);
  const found = models.filter(({ vendor, model }) => {
    const whole = `${vendor} ${model}`.toLowerCase();
    return words.every((word) => whole.includes(word) || whole.replace(/\W/g, '').includes(word));
  });
  return (
    <>
      <TextField
        label={text.searchModel}
        type="search"
        value={wanted}
        onValue={setWanted}
        hint={text.searchModelHint}
      />
      <fieldset class="options">
        <legend class="sr">{text.model}</legend>
        {found.slice(0, shownModels).map((each) => (
          <label key={each.id}>
            <input
              type="radio"
              name={name}
              checked={each.id === chosen?.id}
              onChange={() => onChoose(each)}
            />
            <span>
              <strong>{each.model}</strong> {each.vendor} <span class="hint">{text.keyCount(each.keys)}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <p role="status" class="hint">
        {found.length === 0
          ? text.nothingFound
          : text.shownOf(Math.min(found.length, shownModels), found.length)}
      </p>
    </>
  );
}
