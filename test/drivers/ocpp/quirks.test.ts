import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { listPresets, presetFolder, readPreset } from '../../../src/drivers/ocpp/presets.ts';
import { findPreset, presetSchema, resolveQuirks } from '../../../src/drivers/ocpp/quirks.ts';

describe('presets of charging stations', () => {
  for (const name of readdirSync(presetFolder))
    it(`${name} is as it should be`, () => {
      const preset = readPreset(join(presetFolder, name));
      assert.equal(`${preset.id}.json`, basename(name));
      const { matches = [] } = preset;
      for (const match of matches) assert.ok(Object.keys(match).length > 0, 'a match that fits everything');
      // Where nothing is to be done differently, there is something to be known.
      assert.ok(Object.keys(preset.quirks).length > 0 || (preset.notes ?? []).length > 0);
      const text = readFileSync(join(presetFolder, name), 'utf8');
      assert.equal(text, `${JSON.stringify(JSON.parse(text), null, 2)}\n`, 'formatted by two spaces');
    });

  const stations: [vendor: string, model: string, firmware: string | undefined, id: string | undefined][] = [
    ['ABB', 'TAC-W22-G5-R-0', undefined, 'abb-terra-ac'],
    ['ABB', 'Terra 54', undefined, 'abb-terra-ac'],
    ['ABB', 'other', undefined, undefined],
    ['Wall Box Chargers', 'PUP1-0-2-4', '4.9.7', 'wallbox'],
    ['Wall Box Chargers', 'PUP1-0-2-4', '5.17.1', 'wallbox-fw5'],
    ['EV-BOX', 'E3', undefined, 'evbox-elvi'],
    ['EN+', 'AC021K', undefined, 'enplus'],
    ['en_plus', 'Caro', undefined, 'enplus'],
    ['Kenplus', 'x', undefined, undefined],
    ['MENNEKES', 'AMTRON 4You 560', undefined, 'mennekes-4you'],
    ['MENNEKES', 'AMTRON Premium', undefined, undefined],
    ['Zaptec', 'Go', undefined, 'zaptec'],
    ['nobody', 'nothing', undefined, undefined],
  ];
  for (const [vendor, model, firmware, id] of stations)
    it(`${vendor} ${model} ${firmware ?? ''}: ${id ?? 'none'}`, () => {
      assert.equal(findPreset(listPresets(), { vendor, model, firmware })?.id, id);
    });

  it('the form goes before the preset', () => {
    const preset = listPresets().find(({ id }) => id === 'huawei');
    assert.deepEqual(resolveQuirks({ unit: 'A' }, preset), {
      unit: 'A',
      switchesPhases: true,
      restartsAfterPause: true,
    });
    assert.deepEqual(resolveQuirks({}, undefined), {});
  });

  it('an unknown quirk is a mistake', () => {
    const [preset] = listPresets();
    assert.equal(presetSchema.safeParse({ ...preset, quirks: { stacklevel: 0 } }).success, false);
    assert.equal(presetSchema.safeParse({ ...preset, matches: [{ vendor: '(' }] }).success, false);
  });
});
