import * as assert from 'uvu/assert';
import { checkPidfLo, formatPidfLo } from '#controller/emergency/pidf-lo.ts';
import { insideFields, outsideFields, type Place } from '#controller/model/place.ts';
import { describe } from '#test/support/describe.ts';

const least: Place = { country: 'DE', RD: 'Weg' };
const of = (place: Place) =>
  formatPidfLo({ device: 'HD0001', mac: '001565aabb01', place, language: 'de', at: new Date(0) });

describe('PIDF-LO', (test) => {
  test('as it goes out', () => {
    assert.is(
      of({ ...least, HNO: '1 "a"', floor: '2', A3: 'Mün<ch>en & Co' }),
      `<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:gbp="urn:ietf:params:xml:ns:pidf:geopriv10:basicPolicy" xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr" entity="pres:HD0001@hotdesk.invalid">
<dm:device id="HD0001"><gp:geopriv>
<gp:location-info><ca:civicAddress xml:lang="de">
<ca:country>DE</ca:country>
<ca:A3>Mün&lt;ch&gt;en &amp; Co</ca:A3>
<ca:RD>Weg</ca:RD>
<ca:HNO>1 &quot;a&quot;</ca:HNO>
<ca:FLR>2</ca:FLR>
</ca:civicAddress></gp:location-info>
<gp:usage-rules>
<gbp:retransmission-allowed>true</gbp:retransmission-allowed>
<gbp:retention-expiry>1970-01-02T00:00:00Z</gbp:retention-expiry>
</gp:usage-rules>
<gp:method>Manual</gp:method>
</gp:geopriv>
<dm:deviceID>mac:001565aabb01</dm:deviceID>
<dm:timestamp>1970-01-01T00:00:00Z</dm:timestamp>
</dm:device></presence>
`,
    );
  });

  test('has every field there is, in the order of the schema', () => {
    const all = Object.fromEntries([...outsideFields, ...insideFields].map((field) => [field, 'X']));
    const text = of({ ...all, country: 'DE' });
    assert.is(checkPidfLo(text), undefined);
    assert.is(text.match(/<ca:[A-Za-z]/g)?.length, outsideFields.length + insideFields.length + 1);
  });

  const good = of({ ...least, HNO: '1' });
  // biome-ignore format: a table
  const broken: { name: string; text: string; says: RegExp }[] = [
    { name: 'nothing',               text: '',                                                       says: /not closed/ },
    { name: 'no country',            text: of({ RD: 'Weg' }),                                        says: /no country/ },
    { name: 'no road',               text: of({ country: 'DE' }),                                    says: /no road/ },
    { name: 'an element left open',  text: good.replace('</ca:HNO>', ''),                            says: /closes nothing/ },
    { name: 'a field out of order',  text: good.replace('<ca:RD>Weg</ca:RD>\n', '').replace('</ca:civicAddress>', '<ca:RD>Weg</ca:RD></ca:civicAddress>'), says: /RD is out of order/ },
    { name: 'a field twice',         text: good.replace('<ca:HNO>', '<ca:HNO>2</ca:HNO><ca:HNO>'),   says: /HNO is out of order/ },
    { name: 'a field nobody knows',  text: good.replaceAll('ca:HNO', 'ca:NUMBER'),                   says: /NUMBER is no field/ },
    { name: 'an empty field',        text: good.replace('>Weg<', '> <'),                             says: /empty/ },
    { name: 'no timestamp',          text: good.replace(/<dm:timestamp>.*\n/, ''),                   says: /timestamp/ },
    { name: 'another namespace',     text: good.replace('geopriv10:civicAddr', 'geopriv9:civicAddr'), says: /xmlns:ca/ },
    { name: 'text not escaped',      text: good.replace('>Weg<', '>W & g<'),                         says: /escaped/ },
    { name: 'something after it',    text: `${good}<x>`,                                             says: /after the end/ },
  ];
  for (const { name, text, says } of broken) {
    test(`is not ${name}`, () => assert.match(checkPidfLo(text) ?? 'right', says));
  }
});
