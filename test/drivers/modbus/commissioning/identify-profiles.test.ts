import assert from 'node:assert/strict';
import { timeoutFailure } from '../../../../src/drivers/modbus/failures.ts';
import {
  createBus,
  hasIdentity,
  type Identification,
  identifyProfile,
  listProfiles,
  openProfile,
  type ResolvedProfile,
} from '../../../../src/drivers/modbus/index.ts';
import { createJumpingClock } from '../../../support/jumping-clock.ts';
import { busOf, imageOf, type ProfileImage } from '../../../support/modbus/profile-image.ts';
import { createScriptedLink } from '../../../support/modbus/scripted-link.ts';

const profiles = listProfiles('/nowhere').flatMap(({ id }): ResolvedProfile[] => {
  const opened = openProfile({ id });
  return opened.ok && hasIdentity(opened.value) ? [opened.value] : [];
});

const profileOf = (id: string): ResolvedProfile => {
  const found = profiles.find(({ profile }) => profile.id === id);
  assert.ok(found, id);
  return found;
};

const identify = (image: ProfileImage, others?: number): Promise<Identification> => {
  const { bus, clock } = busOf(image, others);
  return identifyProfile(bus, { unit: 1, profiles, clock, signal: new AbortController().signal });
};

/** @returns ids of the profiles that fit, sorted; the kind of the outcome where none does */
const idsOf = (identified: Identification): string[] => {
  if (identified.kind === 'fits') return [identified.fit.resolved.profile.id];
  if (identified.kind !== 'ambiguous') return [identified.kind];
  return identified.fits.map(({ resolved }) => resolved.profile.id).sort();
};

/** Families whose registers do not tell them apart: the integrator chooses. */
const alike: Record<string, string[]> = {
  'carlogavazzi-em340': ['carlogavazzi-em24', 'carlogavazzi-em24-e1', 'carlogavazzi-em340'],
  'mypv-elwa-2': ['mypv-ac-thor', 'mypv-elwa-2'],
  'sma-sunny-boy-storage': ['sma-sunny-boy-storage', 'sma-tripower-setpoint'],
  'sma-tripower-setpoint': ['sma-sunny-boy-storage', 'sma-tripower-setpoint'],
};

describe('profiles by what a device tells of itself', () => {
  it('most profiles have something to be told by', () => assert.ok(profiles.length >= 47, String(profiles.length)));

  for (const resolved of profiles) {
    const { id } = resolved.profile;
    it(`${id} is known by its own registers, and no other profile is`, async () => {
      assert.deepEqual(idsOf(await identify(imageOf(resolved))), alike[id] ?? [id]);
    });

    it(`${id} is taken for no other one where a device answers 0 to everything else`, async () => {
      const found = idsOf(await identify(imageOf(resolved), 0));
      assert.ok(found.includes(id) || found.includes('unknown'), found.join());
    });
  }

  it('says what the device tells, and whether it names itself', async () => {
    const named = await identify(imageOf(profileOf('shelly-pro-3em')));
    assert.equal(named.kind, 'fits');
    assert.ok(named.kind === 'fits' && named.fit.isNamed);
    assert.deepEqual(Object.keys(named.fit.identity).sort(), ['model', 'serial']);
    const unnamed = await identify(imageOf(profileOf('sofar-hyd')));
    assert.ok(unnamed.kind === 'fits' && !unnamed.fit.isNamed);
  });
});

describe('a device that no profile fits', () => {
  const options = { unit: 1, profiles, signal: new AbortController().signal };

  it('has other registers, or zeros, or noise in all of them', async () => {
    assert.equal((await identify(new Map())).kind, 'unknown');
    for (const others of [0, 0xffff, 0x8000, 1, 0xa5c3])
      assert.equal((await identify(new Map(), others)).kind, 'unknown');
  });

  it('does not answer at all: two requests are enough', async () => {
    const clock = createJumpingClock();
    const link = createScriptedLink(async (request, timeoutMs) => {
      throw timeoutFailure(request, timeoutMs);
    });
    assert.equal((await identifyProfile(createBus(link, clock), { ...options, clock })).kind, 'silent');
    assert.equal(link.asked.length, 2);
  });

  it('ignores what it does not have: it is not taken for dead', async () => {
    const clock = createJumpingClock();
    // The profile that is tried first reads its model here.
    const first = imageOf(profileOf('abb-b23'));
    for (const key of first.keys()) first.set(key, 0);
    const { bus: own } = busOf(new Map([...first, ...imageOf(profileOf('eastron-sdm630'))]));
    own.attach(1, { timeoutMs: 100, maxInFlight: 1, interRequestMs: 0 });
    const link = createScriptedLink(async (request, timeoutMs) => {
      try {
        return await own.read(request);
      } catch {
        throw timeoutFailure(request, timeoutMs);
      }
    });
    const found = await identifyProfile(createBus(link, clock), { ...options, clock });
    assert.deepEqual(idsOf(found), ['eastron-sdm630']);
  });

  it('asks nothing twice', async () => {
    const clock = createJumpingClock();
    const { bus: own } = busOf(imageOf(profileOf('sofar-hyd')));
    own.attach(1, { timeoutMs: 100, maxInFlight: 1, interRequestMs: 0 });
    const link = createScriptedLink((request) => own.read(request));
    await identifyProfile(createBus(link, clock), { ...options, clock });
    const asked = link.asked.map(({ request: { table, address, count } }) => `${table} ${address} ${count}`);
    assert.equal(new Set(asked).size, asked.length);
  });

  it('is not looked for any further once the scan is cancelled', async () => {
    const clock = createJumpingClock();
    const cancelled = new AbortController();
    const { bus } = busOf(new Map());
    const scan = identifyProfile(bus, {
      ...options,
      clock,
      signal: cancelled.signal,
      onTried: () => cancelled.abort(),
    });
    await assert.rejects(scan, { name: 'AbortError' });
  });
});
