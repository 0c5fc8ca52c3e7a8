import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  freeId,
  nameOf,
  positiveDirection,
  proposedRole,
  signQuestions,
} from '../../../src/editor/parts/device-proposals.ts';
import type { FoundDevice } from '../../../src/editor/parts/scan-answers.ts';
import { splitRaw } from '../../../src/editor/parts/scan-preview.ts';
import { idPattern } from '../../../src/model/topic.ts';

const found = (more: Partial<FoundDevice>): FoundDevice => ({
  ...{ kind: 'sunspec', unit: 1, otherUnits: [], models: [], profiles: [], isNamed: true, components: [], signs: [] },
  ...{ notes: [], hasPreview: true },
  ...more,
});

describe('what is proposed for a device that answered', () => {
  it('is a name of maker and model, each said once', () => {
    assert.equal(nameOf(found({ maker: 'Fronius', model: 'Symo 10.0-3-M' })), 'Fronius Symo 10.0-3-M');
    assert.equal(nameOf(found({ maker: 'SMA', model: 'SMA STP 10' })), 'SMA STP 10');
    assert.equal(nameOf(found({ maker: 'Acme' })), 'Acme');
    assert.equal(nameOf(found({ profiles: [{ id: 'x', title: 'Acme 7' }] })), 'Acme 7');
    assert.equal(nameOf(found({})), '');
  });

  it('is an id that no other device has', () => {
    const device = found({ maker: 'Fronius', model: 'Symo 10.0-3-M' });
    assert.equal(freeId(device, new Set()), 'fronius-symo-10-0-3-m');
    assert.equal(freeId(device, new Set(['fronius-symo-10-0-3-m'])), 'fronius-symo-10-0-3-m-2');
    assert.equal(
      freeId(device, new Set(['fronius-symo-10-0-3-m', 'fronius-symo-10-0-3-m-2'])),
      'fronius-symo-10-0-3-m-3',
    );
    assert.equal(freeId(found({ maker: '华为' }), new Set()), 'device');
  });

  it('is an id that topics can hold, whatever a device calls itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (maker, model) => {
        assert.match(freeId(found({ maker, model }), new Set(['device'])), idPattern);
      }),
    );
  });

  it('is the role of the grid for what is nothing but a meter', () => {
    assert.equal(proposedRole(found({ components: ['meter'] })), 'grid');
    assert.equal(proposedRole(found({ components: ['solar', 'meter'] })), '');
    assert.equal(proposedRole(found({ components: ['solar'] })), '');
  });

  it('asks for the signs that are open, and for the way round of a meter', () => {
    const asked = (more: Partial<FoundDevice>) => signQuestions(found(more)).map(({ sign }) => sign);
    assert.deepEqual(asked({ signs: ['meter_sign', 'battery_sign', 'battery_modules'] }), [
      'meter_sign',
      'battery_sign',
    ]);
    assert.deepEqual(asked({ signs: [] }), []);
    assert.deepEqual(asked({ kind: 'profile', components: ['meter'] }), ['reversed']);
    assert.deepEqual(asked({ kind: 'profile', components: ['solar', 'meter'] }), []);
  });

  it('derives the sign from what the device shows and what is seen', () => {
    const [question] = signQuestions(found({ signs: ['meter_sign'] }));
    assert.ok(question);
    const derived = (power: number, seen: string) => positiveDirection(question, power, seen);
    assert.deepEqual(
      [derived(500, 'import'), derived(-500, 'import'), derived(500, 'export'), derived(-500, 'export')],
      ['import', 'export', 'export', 'import'],
    );
  });

  it('shows the register of a value beside its factor', () => {
    assert.deepEqual(splitRaw('40084: 0e10 (10^-1)'), { register: '40084: 0e10', factor: '0.1' });
    assert.deepEqual(splitRaw('40084: 0e10 (10^0)'), { register: '40084: 0e10', factor: '1' });
    assert.deepEqual(splitRaw('0: 4366 0000'), { register: '0: 4366 0000', factor: '' });
    assert.deepEqual(splitRaw(), { register: '', factor: '' });
  });
});
