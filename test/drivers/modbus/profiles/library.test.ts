import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listProfiles, openProfile } from '../../../../src/drivers/modbus/profiles/library.ts';
import { root } from '../../../support/house-rules.ts';

const point = { name: 'power', quantity: 'meter/power', addr: 0, type: 'int16', unit: 'W' };
const profile = (more: object = {}): string =>
  JSON.stringify({ schema: 'profile/1', id: 'acme-m1', title: 'Acme M1', class: 'meter', points: [point], ...more });

describe('profiles of an integrator', () => {
  let own: string;

  beforeEach(() => {
    own = mkdtempSync(join(tmpdir(), 'ems-profiles-'));
  });
  afterEach(() => rmSync(own, { recursive: true, force: true }));

  const listed = (id: string) => listProfiles(own).find((each) => each.id === id);

  it('stand beside the shipped ones, and in place of them', () => {
    writeFileSync(join(own, 'acme-m1.json'), profile());
    writeFileSync(join(own, 'eastron-sdm630.json'), profile({ id: 'eastron-sdm630', title: 'My own' }));
    assert.equal(listed('acme-m1')?.profile?.title, 'Acme M1');
    assert.equal(listed('eastron-sdm630')?.profile?.title, 'My own');
    assert.deepEqual(listed('eastron-sdm120')?.mistakes, []);
  });

  it('are listed with every mistake, those of the model as well', () => {
    const points = [point, { ...point, name: 'again' }, { ...point, name: 'volts', quantity: 'meter/voltage' }];
    writeFileSync(join(own, 'acme-m1.json'), profile({ points }));
    writeFileSync(join(own, 'torn.json'), profile().slice(0, 40));
    mkdirSync(join(own, 'folder.json'));
    assert.deepEqual(listed('acme-m1')?.mistakes, [
      'points[1] (again): again and power both feed meter/power',
      'points[2] (volts): W cannot be converted to V of meter/voltage; it can be given in V, mV, kV',
    ]);
    assert.match(listed('torn')?.mistakes.join() ?? '', /^not JSON: /);
    assert.equal(listed('folder')?.mistakes.length, 1);
  });

  it('are checked by the command of the package', () => {
    const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { bin: Record<string, string> };
    const source = join(root, (bin['ems-profile'] ?? '').replace(/^dist\/(.*)\.js$/, '$1.ts'));
    const run = (...files: string[]) => spawnSync(process.execPath, [source, ...files], { encoding: 'utf8', cwd: own });
    writeFileSync(join(own, 'good.json'), profile({ id: 'good' }));
    writeFileSync(join(own, 'bad.json'), profile({ id: 'bad', class: 'tram' }));
    writeFileSync(join(own, 'other.json'), profile());
    const good = run('good.json');
    assert.deepEqual([good.status, good.stdout], [0, 'good.json: Acme M1, 1 points, no mistake\n']);
    const both = run('good.json', 'bad.json');
    assert.equal(both.status, 1);
    assert.match(both.stderr, /^bad\.json: class: "tram" is none of meter, battery/m);
    assert.match(
      run('other.json').stderr,
      /^other\.json: id: "acme-m1" is not the name of the file: call the file acme-m1/m,
    );
    assert.equal(run().status, 2);
  });

  it('are refused on deploy with what is wrong, file or typed in', () => {
    writeFileSync(join(own, 'acme-m1.json'), profile({ points: [{ ...point, unit: 'A' }] }));
    const file = openProfile({ id: 'acme-m1', own });
    assert.equal(
      file.ok ? '' : file.reason,
      'the profile "acme-m1": points[0] (power): A cannot be converted to W of meter/power; it can be given in W, mW, kW, MW, kWp',
    );
    writeFileSync(join(own, 'other.json'), profile());
    const other = openProfile({ id: 'other', own });
    assert.match(other.ok ? '' : other.reason, /^the profile "other": id: "acme-m1" is not the name of the file/);
    const seven = Array.from({ length: 7 }, (_, n) => ({ ...point, name: `p${n}`, unit: 'A' }));
    const typed = openProfile({ inline: profile({ points: seven }) });
    assert.match(typed.ok ? '' : typed.reason, /^the inline profile: points\[0\] \(p0\): A cannot .*; and \d+ more$/);
  });
});
