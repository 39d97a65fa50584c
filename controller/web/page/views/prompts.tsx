/** What the login call says, to be heard; a company's own recordings in its place. */

import { useState } from 'preact/hooks';
import { apiPath, ask, askAll } from '#controller/web/page/api.ts';
import { toLoaded, useAsked } from '#controller/web/page/asked.ts';
import { useApp, useText } from '#controller/web/page/context.ts';
import { Badge } from '#controller/web/page/parts/badge.tsx';
import { FileButton } from '#controller/web/page/parts/file-button.tsx';
import { useSubmit } from '#controller/web/page/parts/form.tsx';
import { ProblemLine } from '#controller/web/page/parts/problem.tsx';
import { Waiting } from '#controller/web/page/parts/view.tsx';
import type { Prompt } from '#controller/web/page/shapes.ts';
import { languages } from '#controller/web/text/text.ts';

export function Prompts() {
  const text = useText();
  const prompts = useAsked(() => askAll<Prompt>('/prompts'), []);
  return (
    <>
      <p>{text.promptsHint}</p>
      <Waiting lists={[toLoaded(prompts)]}>
        {() => (
          <div class="columns">
            {languages.map(([language, name]) => (
              <section key={language} class="card" aria-labelledby={`prompts-${language}`}>
                <h2 id={`prompts-${language}`} lang={language}>
                  {name}
                </h2>
                <ul class="rows">
                  {(prompts.value ?? [])
                    .filter((prompt) => prompt.language === language)
                    .map((prompt) => (
                      <One key={prompt.id} prompt={prompt} onChanged={prompts.again} />
                    ))}
                </ul>
              </section>
            ))}
          </div>
        )}
      </Waiting>
    </>
  );
}

function One({
  prompt: { id, name, language, text: says, isOwn, seconds },
  onChanged,
}: {
  prompt: Prompt;
  onChanged(): void;
}) {
  const { say } = useApp();
  const text = useText();
  const submit = useSubmit();
  // The address stays the same: another recording needs another player.
  const [takes, setTakes] = useState(0);
  const change = (action: () => Promise<unknown>) =>
    void submit.run(action).then((isDone) => {
      if (!isDone) return;
      setTakes(takes + 1);
      say(text.saved);
      onChanged();
    });
  return (
    <li class="prompt">
      <div>
        <p lang={language}>{says}</p>
        <div class="hint">
          <code>{name}</code> · {text.seconds(seconds)} ·{' '}
          <Badge tone={isOwn ? 'good' : 'quiet'}>{isOwn ? text.ownRecording : text.builtIn}</Badge>
        </div>
      </div>
      {/* biome-ignore lint/a11y/useMediaCaption: its words stand above it */}
      <audio
        key={takes}
        controls
        preload="none"
        src={`${apiPath}/prompts/${id}`}
        aria-label={text.hear(says)}
      />
      <ProblemLine problem={submit.problem} />
      <div class="actions">
        <FileButton
          accept=".wav,audio/wav"
          isBusy={submit.isBusy}
          onFile={(file) =>
            change(() => ask('PUT', `/prompts/${id}`, new Blob([file], { type: 'audio/wav' })))
          }
        >
          {text.upload}
          <span class="sr"> {id}</span>
        </FileButton>
        {isOwn && (
          <button
            type="button"
            disabled={submit.isBusy}
            onClick={() => change(() => ask('DELETE', `/prompts/${id}`))}
          >
            {text.backToBuiltIn}
            <span class="sr"> {id}</span>
          </button>
        )}
      </div>
    </li>
  );
}
