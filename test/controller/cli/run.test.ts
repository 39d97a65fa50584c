import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { listenApi } from '#controller/api/listen.ts';
import { runNoun } from '#controller/cli/run.ts';
import { formatHostPort } from '#protocol/address.ts';
import { createApiWorld } from '#test/controller/api/world.ts';
import { describe } from '#test/support/describe.ts';

/** A command as typed; `<` is what stands on standard input. Each row has a world of its own. */
// biome-ignore format: a table
const commands: { type: string; exit: number; out?: RegExp; err?: RegExp; asked?: string[] }[] = [
  { type: 'site list',                                        exit: 0, out: /^ID +TIME ZONE.*\nberlin +Europe\/Berlin/ },
  { type: 'site create paris --emergency 15 --emergency 112', exit: 0, out: /emergencyNumbers +15, 112/ },
  { type: 'site set berlin --dial-code park=*68 --emergency 110', exit: 0, out: /dialCodes .*park=\*68/ },
  { type: 'site set berlin --dial-code park=*78',             exit: 1, err: /dialCodes\.park: / },
  { type: 'site set berlin --dial-code park',                 exit: 2, err: /--dial-code: "park" is not NAME=CODE/ },
  { type: 'site set berlin --gateway 192.0.2.9:5060',         exit: 0, out: /emergencyGateway +address=192.0.2.9 port=5060/ },
  { type: 'site set berlin --gateway somewhere',              exit: 2, err: /--gateway: / },
  { type: 'site set berlin --address RD=Weg --address HNO= --floor 2 --emergency-caller-id +4930100', exit: 0, out: /place +RD=Weg floor=2|place +callerId=\+4930100/ },
  { type: 'site set berlin --address Weg',                    exit: 2, err: /--address: "Weg" is not NAME=TEXT/ },
  { type: 'site set berlin --address street=Weg',             exit: 1, err: /place\.street: / },
  { type: 'site set berlin --emergency-route gateway,value',  exit: 0, out: /emergencyRoutes +type=gateway location=value/ },
  { type: 'site set berlin --emergency-route upstream:telco', exit: 1, err: /there is no upstream "telco"/ },
  { type: 'site set berlin --emergency-route upstream',       exit: 2, err: /neither gateway nor upstream:ID/ },
  { type: 'site set berlin --emergency-route gateway,reference', exit: 1, err: /--location-url/ },
  { type: 'site set berlin --emergency-contact https://noc.example/x --emergency-test-number 99112', exit: 0, out: /emergencyTestNumber +99112/ },
  { type: 'site set berlin --emergency-contact none --emergency-test-number none', exit: 0 },
  { type: 'site show berlin',                                 exit: 0, out: /problems +no way out/ },
  { type: 'device set HD0001 --floor 2 --room 2.14 --callback-number +4930101', exit: 0, out: /place +.*room=2\.14/ },
  { type: 'device set HD0001 --emergency-caller-id me',       exit: 1, err: /place\.callerId: / },
  { type: 'emergency list',                                   exit: 0, out: /^AT +DEVICE/ },
  { type: 'emergency test berlin',                            exit: 0, out: /^ok +gateway +answer: 200/ },
  { type: 'emergency test berlin --device HD0009',            exit: 1, err: /device: / },
  { type: 'emergency secret berlin',                          exit: 0, out: /secret of berlin/ },
  { type: 'site show nowhere',                                exit: 1, err: /there is no site "nowhere"/ },
  { type: 'site remove berlin',                               exit: 1, err: /still has 1 devices/ },
  { type: 'user create 0042 Ben',                             exit: 0, out: /extension +0042/ },
  { type: 'user create 0042 Ben --pin-stdin < 739216',        exit: 0, asked: ['pin of 0042 is 6 long'] },
  { type: 'user create 0042 Ben --pin-stdin < 1111',          exit: 1, err: /pin: / },
  { type: 'user create 112 Ben',                              exit: 1, err: /extension: / },
  { type: 'user create 0042 Ben --pin 739216',                exit: 2, err: /unknown flag "--pin"/ },
  { type: 'user set 100 --hotdesk off',                       exit: 0, out: /hotdesk +no/ },
  { type: 'user set 100 --hotdesk maybe',                     exit: 2, err: /neither on nor off/ },
  { type: 'user set 100 --second-device move',                exit: 0, out: /secondDevice +move/ },
  { type: 'user set 100 --key blf=101=Ben --key speeddial=0123', exit: 0, out: /type=blf value=101 label=Ben, type=speeddial value=0123/ },
  { type: 'user set 100 --key none',                          exit: 0, out: /keys *$/m },
  { type: 'user set 100 --key lamp=101',                      exit: 1, err: /keys\.0\.type/ },
  { type: 'user unlock 100',                                  exit: 0, asked: ['unlock 100'] },
  { type: 'user remove 100',                                  exit: 0, out: /^$/ },
  { type: 'device create 001565000042 T46S --site berlin',    exit: 0, out: /mac +001565000042/ },
  { type: 'device create 001565aabb01 T46S --site berlin',    exit: 1, err: /mac: .*HD0001/ },
  { type: 'device create 00156500 T46S --site berlin',        exit: 1, err: /mac: / },
  { type: 'device create 001565000042 T46S',                  exit: 2, err: /--site is needed/ },
  { type: 'device create 001565000042',                       exit: 2, err: /MODEL is missing/ },
  { type: 'device list',                                      exit: 0, out: /HD0001 +001565aabb01 +T46S +berlin +- +active +12 / },
  { type: 'model show t46s',                                  exit: 0, out: /medianMs=1300/ },
  { type: 'device show HD0001',                               exit: 0, out: /provisioningUrl +http:\/\/192.0.2.7\/p\/HD0001\// },
  { type: 'device show HD0001',                               exit: 0, out: /asked +.*userAgent=curl\/8 odd=no phone/ },
  { type: 'site set berlin --config-by https',                exit: 0, out: /configBy +https/ },
  { type: 'site set berlin --config-by ftp',                  exit: 1, err: /configBy: / },
  { type: 'site set berlin --phone-ca none',                  exit: 0 },
  { type: 'site set berlin --phone-ca /nonexistent',          exit: 2, err: /--phone-ca: cannot read/ },
  { type: 'upstream create pbx --mode register --address 192.0.2.1:5060 --number 0 --number 200-299 --deny none', exit: 0, out: /numbers +0, 200-299/ },
  { type: 'redirection list',                                 exit: 0, out: /snom-sraps +snom +no/ },
  { type: 'redirection show fanvil-fdps',                     exit: 0, out: /uncertain +nothing of it is documented/ },
  { type: 'redirection set snom-sraps --account me',          exit: 1, err: /secret: Snom SRAPS wants its access key secret/ },
  { type: 'redirection set snom-sraps --account me --secret-stdin --automatic on < s3', exit: 0, out: /automatic +yes/ },
  { type: 'redirection set snom-sraps --automatic maybe',     exit: 2, err: /neither on nor off/ },
  { type: 'redirection show-request yealink-rps --device HD0001', exit: 0, out: /^PUT https:.*\nAuthorization: …\n\nregistered$/ },
  { type: 'redirection show-request yealink-rps',             exit: 2, err: /--device is needed/ },
  { type: 'redirection test yealink-rps',                     exit: 0, asked: ['check yealink-rps'] },
  { type: 'redirection register HD0001 --service yealink-rps', exit: 0, out: /state +waiting/, asked: ['registered 001565aabb01 at yealink-rps'] },
  { type: 'redirection remove HD0001 --service yealink-rps',  exit: 0, out: /wanted +removed/ },
  { type: 'redirection forget snom-sraps',                    exit: 1, err: /there is no redirection service/ },
  { type: 'redirection register HD0001',                      exit: 1, err: /service: none is set up for yealink: yealink-rps/ },
  { type: 'redirection look-up 001565aabb01',                 exit: 2, err: /--service is needed/ },
  { type: 'redirection queue',                                exit: 0, out: /^SERVICE +MAC/ },
  { type: 'upstream create pbx --address 192.0.2.1:5060',     exit: 2, err: /--mode is needed/ },
  { type: 'upstream create pbx --mode register --address pbx', exit: 2, err: /--address: / },
  { type: 'upstream create t --mode trunk --address 192.0.2.1:5060 --authentication digest --username c --secret-stdin < canary', exit: 0, out: /hasSecret +yes/ },
  { type: 'upstream create t --mode trunk --address 192.0.2.1:5060 --probe-seconds often', exit: 1, err: /probeSeconds: / },
  { type: 'upstream list',                                    exit: 0, out: /^ID +MODE +TRANSPORT/ },
  { type: 'upstream show pbx',                                exit: 1, err: /there is no upstream "pbx"/ },
  { type: 'user set 100 --upstream-user u --upstream-secret-stdin < s', exit: 1, err: /id: there is no upstream in register mode/ },
  { type: 'user set 100 --upstream-user u',                   exit: 2, err: /--upstream-secret-stdin is needed/ },
  { type: 'user set 100 --upstream-user u --upstream-secret-stdin --pin-stdin < s', exit: 2, err: /one at a time/ },
  { type: 'user set 100 --upstream-user none',                exit: 0, out: /extension +100/ },
  { type: 'counter list',                                     exit: 0, out: /^NAME +COUNT\nconfig\.refused\.token +3\n.*\nsip\.calls +2/ },
  { type: 'model list --vendor snom --search 785 --json',     exit: 0, out: /^\{"items":\[\{"id":"D785","vendor":"snom","model":"D785","keys":24,"usableKeys":24,.*"verified":false,"confidence":"uncertain"/ },
  { type: 'model list --search t46',                          exit: 0, out: /^VENDOR +MODEL +KEYS +USABLE +VERIFIED +CONFIDENCE +NOTES\nyealink +T46G +27 +27 +no +documented/ },
  { type: 'model list --vendor cisco',                        exit: 1, err: /vendor: is one of yealink, / },
  { type: 'model show T46S',                                  exit: 0, out: /resync +event=check-sync;reboot=false/ },
  { type: 'model show T46X',                                  exit: 1, err: /the nearest is T46/ },
  { type: 'layout preview T21P_E2 --key blf=101=Ben --key blf=102', exit: 0, out: /^POSITION.*\n1 +0 +1 +speeddial +\*77\*5\* +Logout +yes\n2 +0 +1 +blf +101 +Ben +yes\n- +- +- +blf +102 +no room$/ },
  { type: 'layout preview T46S --user 100 --state idle --language de --json', exit: 0, out: /^\{"keys":\[\{"module":0,"page":1,"position":1,"type":"speeddial","value":"\*77\*","label":"Anmelden"\},.*"cut":\[\]\}$/ },
  { type: 'layout preview T46S --user 100 --key blf=101',     exit: 2, err: /one of them/ },
  { type: 'layout preview T46S --expansions some',            exit: 1, err: /expansions: / },
  { type: 'device set HD0001 --expansions 2',                 exit: 0, out: /expansions +2/ },
  { type: 'site adopt-window berlin --minutes 15',            exit: 0, out: /^until +\d{4}-\S+Z\nadopted *$/ },
  { type: 'site adopt-window berlin --minutes 500',           exit: 1, err: /minutes: / },
  { type: 'site adopt-window berlin --close',                 exit: 0, out: /^adopted *$/ },
  { type: 'device adopt-window HD0001',                       exit: 0, out: /^until +\d{4}-/ },
  { type: 'device adopt-window HD0009',                       exit: 1, err: /there is no device/ },
  { type: 'session login HD0001 100',                         exit: 0, asked: ['login HD0001 100 admin'] },
  { type: 'session login HD0001 999',                         exit: 1, err: /there is no user "999"/ },
  { type: 'session logout HD0001',                            exit: 1, err: /there is no session "HD0001"/ },
  { type: 'session list --json',                              exit: 0, out: /^\{"items":\[\]\}$/ },
  { type: 'enrol-token create --site berlin',                 exit: 0, out: /^token$/, err: /^install token$/, asked: ['enrol berlin'] },
  { type: 'enrol-token create --site berlin --json',          exit: 0, out: /^\{"site":"berlin","token":"token","installLine":"install token"\}$/ },
  { type: 'token create billing',                             exit: 0, out: /^hdt_[0-9a-f]{16}_[\w-]{43}$/ },
  { type: 'agent list',                                       exit: 0, out: /^ID +SITE/ },
  { type: 'status',                                           exit: 0, out: /^problems\n {2}berlin: no way out\n\nsites +1\nagents +0 of 0 up\nphones +0 of 1 registered/ },
  { type: 'status --json',                                    exit: 0, out: /^\{"sites":1,.*"problems":\["berlin: no way out"\]\}$/ },
  { type: 'device resync HD0001',                             exit: 0, out: /result +answered/, asked: ['resync HD0001'] },
  { type: 'device resync all --site berlin',                  exit: 0, out: /^DEVICE +RESULT\nHD0001 +answered/ },
  { type: 'device resync HD0001 --site berlin',               exit: 2, err: /goes with "all"/ },
  { type: 'device reboot HD0001',                             exit: 0, out: /result +busy/ },
  { type: 'device config HD0001',                             exit: 1, err: /has had no agent/ },
  { type: 'device why HD0001',                                exit: 0, out: /^AT +TYPE/ },
  { type: 'device list --where site=paris',                   exit: 0, out: /^DEVICE[^\n]*$/ },
  { type: 'device list --where site',                         exit: 2, err: /"site" is not FIELD=VALUE/ },
  { type: 'device list --search hd0001 --sort -id --limit 1', exit: 0, out: /\nHD0001 / },
  { type: 'device list --limit many',                         exit: 2, err: /--limit: "many"/ },
  { type: 'device list --sort colour',                        exit: 1, err: /sort: / },
  { type: 'site logout berlin',                               exit: 0, out: /ended +0/ },
  { type: 'site resync berlin',                               exit: 0, out: /HD0001 +answered/ },
  { type: 'site set berlin --ends-at 20:00 --idle-minutes 30', exit: 0, out: /policy +endsAt=20:00 idleMinutes=30|policy +idleMinutes=30 endsAt=20:00/ },
  { type: 'site set berlin --ends-at late',                   exit: 1, err: /policy\.endsAt: / },
  { type: 'user set 100 --longest-minutes none',              exit: 0, out: /policy +longestMinutes=none/ },
  { type: 'policy set --second-device move --longest-minutes 600', exit: 0, out: /secondDevice +move\nlongestMinutes +600/ },
  { type: 'policy show',                                      exit: 0, out: /^$/ },
  { type: 'user where 100',                                   exit: 0, out: /^DEVICE +SINCE/ },
  { type: 'user logout 100',                                  exit: 0, out: /^$/ },
  { type: 'user remove-pin 100',                              exit: 0, out: /^$/ },
  { type: 'user set-many all --hotdesk off',                  exit: 0, out: /changed +1/ },
  { type: 'user set-many 100,999 --hotdesk off',              exit: 1, err: /extensions\.1: there is no user "999"/ },
  { type: 'user export-layout 100',                           exit: 0, out: /^\{\n +"keys": \[\]\n\}$/ },
  { type: 'user import-layout 100 /nonexistent',              exit: 2, err: /FILE: cannot read/ },
  { type: 'webhook create https://hooks.example/x --event login', exit: 0, out: /secret +[0-9a-f]{64}/ },
  { type: 'webhook create http://hooks.example/x',            exit: 1, err: /url: / },
  { type: 'webhook list',                                     exit: 0, out: /^ID +URL/ },
  { type: 'session history',                                  exit: 0, out: /^DEVICE +SITE/ },
  { type: 'session lst',                                      exit: 2, err: /unknown verb of session "lst"; did you mean "list"\?/ },
  { type: 'session',                                          exit: 2, err: /session what\? One of: list, show/ },
  { type: 'session list --jsno',                              exit: 2, err: /did you mean "--json"\?/ },
  { type: 'session list HD0001',                              exit: 2, err: /what is "HD0001"\?/ },
  { type: 'session constructor',                              exit: 2, err: /unknown verb/ },
  { type: 'sesion list',                                      exit: 2, err: /unknown command "sesion"; did you mean "session"\?/ },
  { type: 'site list --server http://127.0.0.1:1',            exit: 2, err: /wants a token/ },
  { type: 'site list --server http://127.0.0.1:1 --token x',  exit: 3, err: /no controller answers at http:\/\/127.0.0.1:1/ },
  { type: 'site list --server nonsense --token x',            exit: 2, err: /is no URL/ },
];

describe('command line', (test) => {
  for (const { type, exit, out, err, asked } of commands) {
    test(`${type}: exit ${exit}`, async () => {
      const { run, world, close } = await open();
      try {
        const ran = await run(type);
        assert.is(ran.exit, exit, ran.err);
        if (out !== undefined) assert.match(ran.out, out);
        if (err !== undefined) assert.match(ran.err, err);
        if (asked !== undefined) assert.equal(world.asked, asked);
        assert.is(ran.err === '', exit === 0 && err === undefined);
        assert.not.match(ran.out + ran.err, /739216/);
      } finally {
        await close();
      }
    });
  }

  test('a file is tried, imported whole or not at all, and exported', async () => {
    const { run, data, close } = await open();
    try {
      const file = join(data, 'users.csv');
      await writeFile(file, '\ufeffextension;name;pin\r\n101;Ben;739216\r\n112;Eva;\r\n');
      const wrong = await run(`user import ${file}`);
      assert.is(wrong.exit, 1);
      assert.match(
        wrong.out,
        /^LINE +COLUMN +ACTION +DETAIL\n2 +- +create +101\n3 +extension +refused +extension: /,
      );
      assert.match(wrong.err, /1 of 2 rows refused: nothing was saved/);
      await writeFile(file, 'extension,name\r\n101,=Ben\r\n');
      assert.is((await run(`user import ${file} --dry-run`)).exit, 0);
      assert.is((await run('user show 101')).exit, 1);
      assert.is((await run(`user import ${file}`)).exit, 0);
      const exported = "extension,name,hotdesk,second-device\r\n100,Anna,on,default\r\n101,'=Ben,on,default";
      assert.is((await run('user export')).out, exported);
      assert.match((await run('device export')).out, /^device,mac,model,site,expansions\r\nHD0001,/);
      assert.match((await run(`device import ${file}`)).err, /line 1: there is no such column/);
      assert.is((await run(`device import ${data}/nothing.csv`)).exit, 2);
    } finally {
      await close();
    }
  });

  test('over the network, with a token from the environment', async () => {
    const { run, url, close } = await open();
    try {
      const token = (await run('token create test')).out;
      const env = { HOTDESK_SERVER: url, HOTDESK_TOKEN: token };
      assert.is((await run('site list', env)).exit, 0);
      assert.is((await run('session login HD0001 100 --json', env)).out.includes('"how":"api"'), true);
      const refused = await run('site list', { ...env, HOTDESK_TOKEN: 'hdt_none' });
      assert.is(refused.exit, 1);
      assert.match(refused.err, /bearer token/);
    } finally {
      await close();
    }
  });

  test('over the network, by the config file, unless something else is said', async () => {
    const { run, url, data, close } = await open();
    try {
      const token = (await run('token create test')).out;
      const file = join(data, 'config.json');
      await writeFile(file, JSON.stringify({ server: url, token }), { mode: 0o600 });
      const env = { HOTDESK_CONFIG: file, HOTDESK_DATA: undefined };
      assert.match((await run('session login HD0001 100 --json', env)).out, /"how":"api"/);
      assert.match((await run(`session login HD0001 100 --json --data ${data}`, env)).out, /"how":"admin"/);
      // The token is that server's, and goes to no other.
      assert.match((await run('site list --server http://127.0.0.1:1', env)).err, /wants a token/);
      await chmod(file, 0o644);
      assert.match((await run('site list', env)).err, /others can read the token/);
      await writeFile(file, '{"servr": "x"}');
      assert.match((await run('site list', env)).err, /no setting "servr"/);
      assert.is((await run('site list', { ...env, HOTDESK_CONFIG: `${data}/none` })).exit, 2);
    } finally {
      await close();
    }
  });

  test('a backup is a file of its own, never over another', async () => {
    const { run, data, close } = await open();
    try {
      const file = join(data, 'x.backup');
      assert.match((await run(`backup ${file}`)).out, /bytes +6/);
      assert.is(await readFile(file, 'utf8'), 'sealed');
      assert.is((await stat(file)).mode & 0o777, 0o600);
      assert.is((await run(`backup ${file}`)).exit, 2);
    } finally {
      await close();
    }
  });

  test('long work shows how far it is, and leaves nothing of it', async () => {
    const { run, data, close } = await open();
    const shown: string[] = [];
    try {
      await run('device resync all', { HOTDESK_DATA: data }, (text) => shown.push(text));
      assert.equal(shown, [`[${'.'.repeat(30)}] 0 of 1`, '']);
    } finally {
      await close();
    }
  });

  test('bash finishes nouns, verbs and flags', async () => {
    const { run, close } = await open();
    try {
      const { out } = await run('completion bash');
      const finish = async (words: string[]) => {
        const ask = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _hotdesk; echo "\${COMPREPLY[*]}"`;
        return (await promisify(execFile)('bash', ['-c', `${out}\n${ask}`])).stdout.trim();
      };
      assert.is(await finish(['hotdesk', 'poli']), 'policy');
      assert.is(await finish(['hotdesk', 'device', 're']), 'remove resync reboot');
      assert.is(await finish(['hotdesk', 'device', 'list', '--wh']), '--where');
      assert.is(await finish(['hotdesk', 'device', 'list', '--js']), '--json');
    } finally {
      await close();
    }
  });

  test('no controller: exit 3', async () => {
    const err: string[] = [];
    const io = {
      env: { HOTDESK_DATA: '/nonexistent' },
      stdin: lines(''),
      out() {},
      err: (text: string) => err.push(text),
    };
    assert.is(await runNoun('site', ['list'], io), 3);
    assert.match(err.join(), /no controller answers at \/nonexistent\/control\.sock/);
  });

  test('the control socket is for its owner alone', async () => {
    const { data, close } = await open();
    try {
      assert.is((await stat(join(data, 'control.sock'))).mode & 0o777, 0o600);
    } finally {
      await close();
    }
  });

  test('what a name holds cannot drive a terminal', async () => {
    const { run, world, close } = await open();
    try {
      const value = { id: 'x', name: 'a\u009b31mb', hash: '', createdAt: 0 };
      world.deps.store.list = (() => [value]) as never;
      assert.match((await run('token list')).out, /a·31mb/);
    } finally {
      await close();
    }
  });
});

async function open() {
  const data = await mkdtemp(join(tmpdir(), 'hotdesk-cli-'));
  const world = createApiWorld();
  const api = await listenApi({
    ...world.deps,
    listen: { address: '127.0.0.1', port: 0 },
    socket: join(data, 'control.sock'),
  });

  async function run(
    typed: string,
    env: Record<string, string | undefined> = { HOTDESK_DATA: data },
    showProgress?: (text: string) => void,
  ) {
    const [words = '', stdin = ''] = typed.split(' < ');
    const [noun = '', ...argv] = words.split(' ');
    const [out, err]: [string[], string[]] = [[], []];
    const exit = await runNoun(noun, argv, {
      env,
      stdin: lines(`${stdin}\n`),
      out: (text) => out.push(text),
      err: (text) => err.push(text),
      showProgress,
    });
    return { exit, out: out.join('\n'), err: err.join('\n') };
  }

  return {
    data,
    world,
    run,
    url: `http://${formatHostPort(api.address)}`,
    async close() {
      await api.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}

async function* lines(text: string) {
  yield text;
}
