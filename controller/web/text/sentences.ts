/**
 * What the server says, of phones and places and (./refusals.ts) of what it
 * refuses, in German. It says it in English, to the command line and to programs
 * too; a sentence that is not here is shown as it came.
 */

import { refusals } from './refusals.ts';

const sentences: typeof refusals = [
  ...refusals,
  [/^waits for the call to end$/, 'wartet auf das Ende des Gesprächs'],
  [
    /^the phone is not registered: is it switched on and connected\?$/,
    'das Telefon ist nicht registriert: Ist es eingeschaltet und verbunden?',
  ],
  [/^the phone is in a call$/, 'das Telefon ist im Gespräch'],
  [
    /^the phone does not answer: is it switched on and connected\?$/,
    'das Telefon antwortet nicht: Ist es eingeschaltet und verbunden?',
  ],
  [
    /^the phone was told, but has not fetched its config$/,
    'das Telefon weiß Bescheid, hat seine Konfiguration aber nicht geholt',
  ],
  [
    /^the phone fetched its config, but has not registered with it$/,
    'das Telefon hat seine Konfiguration geholt, sich damit aber nicht registriert',
  ],
  [
    /^the phone is not registered, and has not asked for its config for (.*): is it on and connected\?$/,
    'das Telefon ist nicht registriert und hat seit $1 nicht nach seiner Konfiguration gefragt: Ist es an und verbunden?',
  ],
  [
    /^the phone is in a call, and has not asked for its config for (.*)$/,
    'das Telefon ist im Gespräch und hat seit $1 nicht nach seiner Konfiguration gefragt',
  ],
  [
    /^the phone has not asked for its config for (.*), and does not answer: is it on\?$/,
    'das Telefon hat seit $1 nicht nach seiner Konfiguration gefragt und antwortet nicht: Ist es an?',
  ],
  [
    /^the phone was told, but has not asked for its config for (.*): does it have the right address for it\?$/,
    'das Telefon weiß Bescheid, hat aber seit $1 nicht nach seiner Konfiguration gefragt: Hat es die richtige Adresse?',
  ],
  [
    /^the phone fetched its config, but has not registered with it for (.*): does it reach its server\?$/,
    'das Telefon hat seine Konfiguration geholt, sich aber seit $1 nicht registriert: Erreicht es seinen Server?',
  ],
  [
    /^emergency route gateway: there is no way to it now$/,
    'Notruf über das Gateway: Dorthin führt jetzt kein Weg',
  ],
  [
    /^emergency route upstream (.*): there is no way to it now$/,
    'Notruf über $1: Dorthin führt jetzt kein Weg',
  ],
  [
    /^emergency route gateway: its last test failed$/,
    'Notruf über das Gateway: Die letzte Prüfung schlug fehl',
  ],
  [/^emergency route upstream (.*): its last test failed$/, 'Notruf über $1: Die letzte Prüfung schlug fehl'],
  [/^emergency route gateway: the site has none$/, 'Notruf über das Gateway: Der Standort hat keines'],
  [
    /^emergency route (.*): no location by reference without --location-url$/,
    'Notruf über $1: Ohne --location-url geht der Ort nicht als Link mit',
  ],
  [/^the phone has not been set up yet$/, 'das Telefon ist noch nicht eingerichtet'],
  [
    /^place: no road \(RD\): an emergency call does not tell where to come$/,
    'Ort: keine Straße: Ein Notruf sagt nicht, wohin Hilfe kommen soll',
  ],
  [/^place: no country and no city \(A3\)$/, 'Ort: kein Land und keine Stadt'],
  [/^place: no country$/, 'Ort: kein Land'],
  [/^place: no city \(A3\)$/, 'Ort: keine Stadt'],
  [
    /^place: no callerId: an emergency call shows no number of its own$/,
    'Ort: keine gezeigte Nummer: Ein Notruf zeigt keine eigene Nummer',
  ],
  [/^place: not whole for (.*)$/, 'Ort: nicht vollständig bei $1'],
  [
    /^its MAC address belongs to (.*), and it is set up as a (.*)$/,
    'seine MAC-Adresse gehört $1, eingerichtet ist es als $2',
  ],
  [
    /^a (.*) keeps of its last user what was set at the phone: (.*)$/,
    'ein $1 behält vom letzten Benutzer, was am Telefon eingestellt wurde: $2',
  ],
];

export function germanOf(english: string): string {
  const found = sentences.find(([form]) => form.test(english));
  return found === undefined ? english : english.replace(...found);
}
