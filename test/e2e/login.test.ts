/** The login call as a person hears it: in the site's language, with the code alone, and without a single hash. */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { anna, inWorld } from './world.ts';

describe('a login call', (test) => {
  test('is ended by a controller that stops', async () => {
    await inWorld(async (world) => {
      const desk = await world.desk('HD0001');
      desk.phone.call('*77*');
      const { remoteMedia } = await desk.saw('answered');
      await until('it asks', () => world.ear.heard(remoteMedia).length === 1);
      await world.controller.close();
      await desk.saw('ended', { by: 'them' });
    });
  }, 30_000);

  test('in German, by the bare code, with silence for an end of each entry', async () => {
    await inWorld(
      async (world) => {
        const desk = await world.desk('HD0001');
        desk.phone.call('*77*');
        const { remoteMedia } = await desk.saw('answered');
        const said = () =>
          world.ear.heard(remoteMedia).map(({ prompt, language }) => `${language} ${prompt}`);
        await until('it asks for the extension', () => said().length === 1);
        desk.phone.dtmf(anna.extension);
        await until('it asks for the PIN', () => said().length === 2, 10_000);
        desk.phone.dtmf(anna.pin);
        await desk.saw('ended', { by: 'them' });
        assert.equal(said(), ['de extension', 'de pin', 'de loggedIn']);
        await desk.saw('registered', { aor: anna.extension });
        const out = desk.mark();
        desk.phone.press(1);
        const { remoteMedia: again } = await desk.saw('answered', {}, out);
        await desk.saw('ended', { by: 'them' }, out);
        assert.equal(
          world.ear.heard(again).map(({ prompt, language }) => `${language} ${prompt}`),
          ['de loggedOut'],
        );
      },
      { site: { language: 'de' } },
    );
  }, 30_000);
});
