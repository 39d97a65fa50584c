/** Why the server refuses something, in German: what people meet who fill in the page's forms. */

// biome-ignore format: a table
export const refusals: readonly (readonly [english: RegExp, german: string])[] = [
  // Who is there, and who may
  [/^that is not right$/, 'Stimmen Name und Passwort, oder Nebenstelle und PIN?'],
  [/^sign in, or send a bearer token$/, 'Bitte neu anmelden'],
  [/^is not the password$/, 'Das ist nicht das Passwort'],
  [/^is not the code that the app shows$/, 'Das ist nicht der Code, den die App zeigt'],
  [/^the code of the authenticator app is needed$/, 'Der Code aus der App fehlt'],
  [/^this link is not good any more; (.*) makes another$/, 'Dieser Link gilt nicht mehr; $1 macht einen neuen'],
  [/^too many wrong tries; again in (\d+) s$/, 'Zu viele falsche Versuche; wieder in $1 s'],
  [/^this needs the role .*; (.*) is \w+$/, 'Die Rolle von $1 reicht dazu nicht'],
  [/^is none of yours$/, 'Das ist keiner Ihrer Standorte'],
  [/^this is the last owner; make another first$/, 'Das ist der letzte Inhaber: zuerst einen anderen machen'],
  [/^a site admin has some, and nobody else$/, 'Standorte hat, wer Standorte verwaltet, und niemand sonst'],
  [/^a password has at least (\d+) characters$/, 'Ein Passwort hat mindestens $1 Zeichen'],
  [/^a password has at most (\d+) characters$/, 'Ein Passwort hat höchstens $1 Zeichen'],
  [/^the same few characters again and again are guessed$/, 'Immer dieselben wenigen Zeichen errät man'],
  [/^this is one of the commonest passwords$/, 'Das ist eines der häufigsten Passwörter'],
  [/^a password must not be the name$/, 'Das Passwort darf nicht der Name sein'],

  // What there is, or is not
  [/^there is a [a-z ]+ "(.*)" already$/, '„$1“ gibt es schon'],
  [/^is taken$/, 'Das ist schon vergeben'],
  [/^there is no [a-z ]+ "(.*)"$/, '„$1“ gibt es nicht'],
  [/^(?:there is )?no (?:site|user|device) (\S+)$/, '„$1“ gibt es nicht'],
  [/^has changed meanwhile$/, 'Jemand hat es inzwischen geändert'],
  [/^site (\S+) still has (\d+) devices and (\d+) agents$/, '$1 hat noch $2 Telefone und $3 Agenten'],
  [/^upstream (\S+) still has (\d+) users$/, 'Konten dort: noch $2'],
  [/^upstream (\S+) is an emergency route of site (\S+)$/, '$1 ist ein Weg für Notrufe von $2'],

  // Of any field
  [/^(?:Invalid input|Invalid string|Invalid option)\b.*$/, 'So geht das hier nicht'],
  [/^Too small: expected \w+ to (?:be|have) >=?(-?\d+)(?: \w+)?$/, 'Mindestens $1'],
  [/^Too big: expected \w+ to (?:be|have) <=?(-?\d+)(?: \w+)?$/, 'Höchstens $1'],

  // Users and PINs
  [/^an extension is 1 to 15 digits$/, 'Eine Nebenstelle hat 1 bis 15 Ziffern'],
  [/^(?:extension )?5 would make \*77\*5\*.*$/, 'Mit der 5 wäre *77*5* (Abmelden) eine Anmeldung'],
  [/^(\S+) is an emergency number of site (\S+)$/, '$1 ist eine Notrufnummer von $2'],
  [/^(\S+) is the emergency test number of site (\S+)$/, '$1 ist die Prüfnummer für Notrufe von $2'],
  [/^(\S+) is the dial code "(.*)" of site (\S+)$/, '$1 ist der Wählcode „$2“ von $3'],
  [/^(\S+) is the extension of (.*)$/, '$1 ist die Nebenstelle von $2'],
  [/^a PIN is 4 to 12 digits$/, 'Eine PIN hat 4 bis 12 Ziffern'],
  [/^one digit repeated is the first thing anybody tries$/, 'Immer dieselbe Ziffer probiert jeder zuerst'],
  [/^a run of digits is the first thing anybody tries$/, 'Ziffern der Reihe nach probiert jeder zuerst'],
  [/^a PIN must not be the extension$/, 'Die PIN darf nicht die Nebenstelle sein'],
  [/^a PIN must not be the extension backwards$/, 'Die PIN darf nicht die Nebenstelle rückwärts sein'],
  [/^this is one of the hundred commonest PINs$/, 'Das ist eine der hundert häufigsten PINs'],
  [/^extension (\S+) is logged in at (\S+)$/, '$1 ist an $2 angemeldet'],
  [/^extension (\S+) is not enabled for hot desking$/, '$1 darf sich nicht an Telefonen anmelden'],
  [/^(?:a name )?has at least one character$/, 'Mindestens ein Zeichen'],
  [/^(?:a name )?has at most (\d+) characters$/, 'Höchstens $1 Zeichen'],
  [/^(?:a name )?has no control characters$/, 'Keine Steuerzeichen'],
  [/^a key value is at most 32 of 0-9, \*, # and \+$/, 'Höchstens 32 Zeichen aus 0-9, *, # und +'],

  // Phones
  [/^"(.*)" is not a MAC address, which has 12 hexadecimal digits.*$/, '„$1“ ist keine MAC-Adresse: Sie hat zwölf Zeichen aus 0-9 und a-f'],
  [/^"(.*)" is a group address, which no phone has$/, '„$1“ ist eine Gruppenadresse: Die hat kein Telefon'],
  [/^all zeros is no MAC address of a phone$/, 'Lauter Nullen sind keine MAC-Adresse eines Telefons'],
  [/^(\S+) belongs to (\S+) already$/, '$1 gehört schon $2'],

  // Sites
  [/^a site is named in small letters, digits and hyphens$/, 'Der Name hat nur Kleinbuchstaben, Ziffern und Bindestriche'],
  [/^a site has at least one$/, 'Ein Standort hat mindestens eine'],
  [/^an emergency number is 2 to 6 digits$/, 'Eine Notrufnummer hat 2 bis 6 Ziffern'],
  [/^(\S+) is an emergency number: a test would call$/, '$1 ist eine Notrufnummer: Die Prüfung würde anrufen'],
  [/^a dial code is 2 to 16 of 0-9, \* and #$/, 'Ein Wählcode hat 2 bis 16 Zeichen aus 0-9, * und #'],
  [/^(\S+) is the dial code "(.*)" already$/, '$1 ist schon der Wählcode „$2“'],
  [/^(\S+) begins with \*7: .*$/, '$1 beginnt mit *7: Das gehört zum An- und Abmelden'],
  [/^(\S+) does not begin with \* or #, .*$/, '$1 beginnt nicht mit * oder #: So könnten Nebenstellen beginnen'],
  [/^(\S+) cannot be told from a (?:login|pickup), which begins with (\S+)$/, '$1 ist nicht zu unterscheiden von dem, was mit $2 beginnt'],
  [/^a country is two capital letters, .*$/, 'Ein Land sind zwei Großbuchstaben, etwa DE'],
  [/^a phone number is 2 to 20 digits, .*$/, 'Eine Nummer hat 2 bis 20 Ziffern, etwa +4930123456'],
  [/^a contact is an https URL .*$/, 'Das ist keine https-Adresse ohne Passwort (http nur auf dieser Maschine)'],
  [/^is 1 to 44640 minutes \(31 days\), or "none"$/, '1 bis 44640 Minuten (31 Tage), oder none'],
  [/^is a time of day as 20:00, or "none"$/, 'Eine Uhrzeit, etwa 20:00, oder none'],

  // PBXs, trunks and webhooks
  [/^at least one address is needed$/, 'Mindestens eine Adresse ist nötig'],
  [/^at least one event is needed$/, 'Mindestens eines ist nötig'],
  [/^is not an IP address$/, 'Das ist keine IP-Adresse'],
  [/^is not a host name$/, 'Das ist kein Rechnername'],
  [/^is no prefix(?: and no range)?$/, 'Das ist weder Anfang noch Bereich von Nummern'],
  [/^digest wants a user name$/, 'Dazu braucht es einen Benutzernamen'],
  [/^digest wants a secret$/, 'Dazu braucht es ein Passwort'],
  [/^(\S+) is the default route already$/, '$1 hat schon alle übrigen Nummern'],

  // A call for help, tested
  [/^the site has no device$/, 'Der Standort hat kein Telefon'],
  [/^leads nowhere: not configured, or not connected$/, 'Führt nirgendwohin: nicht eingerichtet oder nicht verbunden'],
  [/^no answer in (\d+) ms$/, 'Keine Antwort in $1 ms'],
  [/^(\d+) after (\d+) ms$/, '$1 nach $2 ms'],
];
