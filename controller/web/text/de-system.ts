/** Deutsch für das um Telefone und Benutzer herum: Anlage, Gespräche, Notruf, Dateien, Programme, Ansagen. */

import type { enSystem } from './en-system.ts';
import type { Same } from './text.ts';

const n = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

/** Mit Komma, wie man es hier schreibt. */
const decimal = (value: number) => value.toFixed(1).replace('.', ',');

export const deSystem: Same<typeof enSystem> = {
  // Tabellen hinein und heraus
  importCsv: 'Importieren',
  exportCsv: 'Exportieren',
  importTitle: { devices: 'Telefone importieren', users: 'Benutzer importieren' },
  file: 'CSV-Datei',
  importHint:
    'Eine Tabelle mit Kopfzeile, gespeichert als „CSV UTF-8“. Nichts ändert sich, bevor Sie gesehen haben, was aus jeder Zeile würde. Eine leere Zelle lässt alles, wie es ist.',
  importColumns: {
    devices:
      'mac|MAC-Adresse\nmodel|etwa T46S\nsite|Name des Standorts\ndevice|HD0001; leer: das nächste freie\nexpansions|Zahl der Tastenmodule',
    users:
      'extension|1 bis 15 Ziffern\nname|wie auf dem Display\nhotdesk|on (ja) oder off (nein)\nsecond-device|allow, move, refuse oder default\npin|4 bis 12 Ziffern; leer: die PIN bleibt',
  },
  chooseFile: 'Datei wählen',
  chooseAnother: 'Andere Datei wählen',
  saveExample: 'Beispiel speichern',
  looking: 'Jede Zeile wird angesehen …',
  importing: 'Wird importiert …',
  imported: (created, changed) => `Importiert: ${created} neu, ${changed} geändert.`,
  importPartly:
    'Die Zeilen davor sind gespeichert. Für die übrigen die Datei noch einmal importieren: Was gleich ist, bleibt.',
  rowsRefused: (refused, all) =>
    `${refused} von ${n(all, 'Zeile', 'Zeilen')} nicht importierbar. Nichts wurde geändert.`,
  rowsGood: (created, changed, all) =>
    `${n(all, 'Zeile', 'Zeilen')}: ${created} neu, ${changed} geändert, ${all - created - changed} wie bisher`,
  mendFile: 'Diese Zeilen in der Datei berichtigen, speichern und die Datei noch einmal wählen.',
  importRows: (count) => `${n(count, 'Zeile', 'Zeilen')} importieren`,
  noRows: 'Unter der Kopfzeile steht nichts.',
  line: 'Zeile',
  column: 'Spalte',
  detail: 'Einzelheit',
  rowActions: { create: 'Neu', change: 'Geändert', same: 'Wie bisher', refused: 'Abgelehnt' },

  // Anlage und Trunks
  upstreams: 'Telefonanlage und Trunks',
  addUpstream: 'Anlage oder Trunk anlegen',
  noUpstreams: 'Noch keine. Ohne sie rufen Benutzer einander und den Notruf an.',
  upstreamMode: 'Art',
  modes: { register: 'Anlage, je Benutzer ein Konto', trunk: 'Trunk, einer für alle' },
  modeHints: {
    register:
      'Jeder Benutzer hat dort ein Konto, das bei ihm eingetragen wird. Es gilt, solange er angemeldet ist.',
    trunk: 'Alle Anrufe gehen über ein Konto, oder über keines, wo die Adresse genügt.',
  },
  registered: 'Registriert',
  goesThere: 'Nummern, die dorthin gehen',
  allElse: 'alle anderen',
  addressStates: { up: 'antwortet', down: 'antwortet nicht', unknown: 'noch nicht gefragt' },
  noRegistrations: 'Niemand: Wer ein Konto dort hat, ist registriert, solange er angemeldet ist.',
  registrationStates: {
    registered: 'Registriert',
    trying: 'Versucht es',
    refused: 'Abgelehnt: falscher Name oder falsches Passwort?',
    failed: 'Fehlgeschlagen',
  },
  removeUpstreamWarning:
    'Anrufe gehen nicht mehr dorthin. Sie darf kein Weg für Notrufe sein, und kein Benutzer darf dort ein Konto haben.',
  address: 'Adresse',
  addresses: 'Adressen',
  addressesHint:
    'IP-Adresse und Port; mehrere, durch Kommas getrennt, falls eine ausfällt. Nur von diesen werden Anrufe angenommen.',
  upstreamTransport: 'SIP mit ihr',
  domain: 'SIP-Domain',
  domainHint: 'Hinter dem @. Leer: die erste Adresse.',
  numbersHint: 'Anfänge wie 0 oder 0049 und Bereiche wie 200-299.',
  defaultRoute: 'Alle Nummern, die sonst niemand hat',
  authentication: 'Woran sie uns erkennt',
  authentications: { ip: 'An unserer Adresse', digest: 'An Name und Passwort', none: 'Gar nicht' },
  username: 'Benutzername dort',
  secret: 'Passwort dort',
  secretKept: 'Eines ist hinterlegt. Leer: es bleibt.',
  secretNeverShown: 'Es wird versiegelt, nie gezeigt und ist auf keinem Telefon.',
  calledPrefix: 'Vor der Nebenstelle bei Anrufen von dort',
  calledPrefixHint: 'Mit +493012345 klingelt bei +493012345100 die 100.',
  rarely: 'Selten nötig',
  denied: 'Nie angerufen',
  deniedHint: 'Anfänge von Nummern, wie Benutzer sie wählen.',
  deniedUsual: 'Anfänge von Nummern. Leer: teure Sonder- und Satellitennummern.',
  probeSeconds: 'Nachfragen, ob sie da ist, alle so viele Sekunden',
  probeHint: '0: nie.',
  local: 'Unsere Adresse ihr gegenüber',
  localHint: 'Leer: die der Route dorthin, Port 5080.',
  ca: 'Zertifizierungsstelle (PEM)',
  caHint: 'Nur wenn das System nicht kennt, wer ihr Zertifikat unterschrieben hat.',
  pbx: 'Anlage',
  userUpstream: 'Konto an der Telefonanlage',
  noUserUpstream: 'Keines: Über die Anlage ist dieser Benutzer nicht erreichbar.',
  hasUserUpstream: (user, id) => `${user} an ${id}, registriert, solange angemeldet.`,
  removeUserUpstream: 'Konto wegnehmen',

  // Gespräche
  callsNow: (count) => (count === 0 ? 'Gespräche jetzt' : `Gespräche jetzt (${count})`),
  noCallsNow: 'Niemand telefoniert.',
  callsEnded: 'Die letzten Gespräche',
  noCallsEnded: 'Seit dem Start des Controllers ist kein Gespräch zu Ende gegangen.',
  caller: 'Anrufer',
  called: 'Angerufen',
  number: 'Nummer',
  mediaWay: 'Die Sprache geht',
  mediaWays: {
    direct: 'von Telefon zu Telefon',
    agent: 'über den Agenten',
    controller: 'über den Controller',
  },
  quality: 'Qualität',
  lostJitter: (lost, jitter) => `${decimal(lost)} % verloren, ${Math.round(jitter)} ms Jitter`,
  silences: (count) => `${count}-mal still`,
  emergencyCalls: 'Notrufe',
  noEmergencyCalls: 'Bisher keine.',
  helpStates: { calling: 'Ruft', answered: 'Angenommen', failed: 'Fehlgeschlagen', cancelled: 'Aufgegeben' },
  qualityTitle: 'Qualität an jedem Platz',
  qualityHint:
    'Seit dem Start des Controllers, das Schlechteste zuerst. Was von Telefon zu Telefon geht, zählt niemand mit.',
  noQuality: 'Noch wurde nichts gezählt.',
  heard: 'Dort gehört',
  sent: 'Von dort gesendet',

  // Notruf
  emergency: 'Wohin Notrufe gehen',
  emergencyWays:
    'Sie gehen als der Platz hinaus, nie als der Benutzer, brauchen keine Anmeldung und unterliegen keiner Grenze. Welche Nummern es sind, steht oben.',
  gateway: 'Gateway im Netz des Standorts',
  gatewayHint: 'Adresse und Port, erreicht über den Agenten. Leer: keines.',
  testNumber: 'Nummer, die vom Telefon aus den Weg prüft',
  testNumberHint: 'Wer sie wählt, hört, ob der Weg offen ist. Niemand wird angerufen.',
  routes: 'Wege',
  noRoutes: 'Ohne einen wird nur das Gateway benutzt.',
  routesHint: 'Versucht vom ersten bis zum letzten.',
  routeNth: (nth) => `Weg ${nth}`,
  location: 'Der Ort geht mit',
  locations: { none: 'nein', value: 'im Anruf', reference: 'als Link' },
  addRoute: 'Weg hinzufügen',
  contacts: 'Wer es erfährt (https-Adressen von Programmen)',
  contactsHint: 'Je Zeile eine. Sie erfahren, wenn hier jemand Hilfe ruft und was daraus wurde.',
  showContactSecret: 'Zeigen, womit die Nachrichten unterschrieben sind',
  routeTest: 'Wege prüfen',
  routeTestHint: 'Geht den ganzen Weg und fragt die Gegenseite, ob sie da ist. Niemand wird angerufen.',
  testFrom: 'Wie von',
  anyPhone: 'irgendeinem Telefon',
  testRoutes: 'Jetzt prüfen',
  testing: 'Wird geprüft …',
  testPassed: (device) => `Der Weg ist offen von ${device}`,
  testFailed: (device) => `Der Weg ist nicht offen von ${device}`,
  testSteps: {
    device: 'ein Telefon zum Prüfen',
    exit: 'führt irgendwohin',
    place: 'der Ort',
    invite: 'der Anruf, wie er wäre',
    answer: 'die Gegenseite antwortet',
  },

  // Wählcodes
  dialCodes: 'Wählcodes',
  dialCodesHint: 'Was mit *7 beginnt, gehört zum An- und Abmelden.',
  loginCode: 'Anmelden',
  loginCodeHint: 'Nebenstelle und * folgen.',
  logoutCode: 'Abmelden',
  pickupCode: 'Anruf heranholen',
  pickupHint: 'Die Nebenstelle, die klingelt, folgt.',
  anotherCode: 'Weiterer Code',
  dialCode: 'Code',

  // Konten und Tokens
  change: 'Ändern',
  setPassword: 'Passwort setzen',
  newPasswordHint: 'Wer mit dem alten angemeldet ist, wird abgemeldet.',
  takeFactor: 'Code wegnehmen',
  signOutEverywhere: 'Überall abmelden',
  roleHints: {
    owner: 'Darf alles.',
    admin: 'Alles außer Konten von Inhabern und Sicherungen.',
    siteAdmin: 'Telefone, Sitzungen, Agenten und Einstellungen der Standorte unten.',
    readOnly: 'Sieht, was nicht geheim ist, und ändert nichts.',
    user: 'Eigene Tasten, PIN und Sitzungen.',
  },
  goodFor: 'Gültig für',
  noEnd: 'bis er entfernt wird',
  inDays: (days) => `${days} Tage`,
  made: 'erstellt',
  emptyIsWider: 'Leer: wie im System festgelegt. none: hier keine Grenze.',
  wasRefused: (status) => `Abgelehnt (${status})`,

  // Einstellungen
  settingsParts: { general: 'Allgemein', webhooks: 'Webhooks', prompts: 'Ansagen', backup: 'Sicherung' },
  webhooks: 'Webhooks',
  webhooksHint:
    'Ihre Programme, die erfahren, was geschieht: unterschrieben, und so lange, bis sie antworten.',
  noWebhooks: 'Noch keine.',
  addWebhook: 'Webhook anlegen',
  webhookUrlHint: 'https; http nur auf dieser Maschine.',
  tellOf: 'Berichten von',
  webhookEvents: {
    login: 'Anmeldung',
    logout: 'Abmeldung',
    stuck: 'Ein Telefon hängt',
    'agent-down': 'Ein Agent ist weg',
    'agent-up': 'Ein Agent ist wieder da',
    emergency: 'Notruf',
  },
  allSites: 'Alle Standorte',
  isOff: 'Aus',
  switchOn: 'Einschalten',
  switchOff: 'Ausschalten',
  sendTest: 'Test senden',
  wasTaken: 'Angenommen',
  wasNotTaken: 'Nicht angenommen',
  webhookSecret: 'Geheimnis, das die Nachrichten unterschreibt',
  webhookSecretOnce: 'Dieses Geheimnis jetzt dem Programm geben: Es wird nicht wieder gezeigt.',
  removeWebhookWarning: 'Er erfährt nichts mehr.',
  promptsHint:
    'Was beim An- und Abmelden gesagt wird. Eine eigene Aufnahme gilt ab dem nächsten Anruf: WAV, mono, 8 oder 16 kHz, 8 oder 16 Bit, höchstens 1 MiB.',
  seconds: (seconds) => `${decimal(seconds)} s`,
  ownRecording: 'Eigene Aufnahme',
  builtIn: 'Eingebaut',
  hear: (sentence) => `Anhören: ${sentence}`,
  upload: 'Hochladen',
  backToBuiltIn: 'Zurück zur eingebauten',
  backup: 'Sicherung',
  backupHint:
    'Alles, was gespeichert ist, zu einem Zeitpunkt, in einer versiegelten Datei. Wer angemeldet ist, steht nicht darin.',
  masterKeyHint:
    'Die Datei öffnet nur der Hauptschlüssel, der nicht darin ist: master.key aus dem Datenordner einmal woanders aufbewahren.',
  downloadBackup: 'Sicherung herunterladen',
  backupIsOwners: 'Nur wer Inhaber ist, kann sie herunterladen.',
  restore: 'Wiederherstellen',
  restoreSteps:
    'Dieselbe Version von hotdesk installieren und den Controller anhalten.\nDie Sicherung und master.key auf die Maschine bringen.\nDie Zeile unten ausführen: Sie macht einen neuen Datenordner.\nDen Controller mit diesem Ordner starten.',
};
